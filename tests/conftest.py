"""What every test may lean on."""

import os

from hypothesis import HealthCheck, settings

# `ci` repeats the same examples in each run, so that a red build can be repeated at a desk; `deep` is for a night.
settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile(
    "ci",
    max_examples=200,
    deadline=None,
    derandomize=True,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("deep", max_examples=20_000, deadline=None)
settings.load_profile(os.environ.get("SIMPUL_HYPOTHESIS", "ci" if os.environ.get("CI") else "quick"))
