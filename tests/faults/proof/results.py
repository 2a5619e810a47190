"""Figures that fault tests leave for the proof: one JSON file per check, in the folder that SIMPUL_PROOF names."""

import json
import os
from collections.abc import Mapping
from pathlib import Path


def keep(check: str, part: str, figures: Mapping[str, int], *, folder: str = "") -> None:
    """Add figures to those of a check; nothing where nobody asked for them."""
    folder = folder or os.environ.get("SIMPUL_PROOF", "")
    if not folder:
        return
    path = Path(folder) / f"{check}.json"
    known = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps({**known, part: dict(figures)}, indent=1, sort_keys=True))


def totals(folder: Path, check: str) -> dict[str, int]:
    """Return the sums of a check's figures; empty when it did not run."""
    path = folder / f"{check}.json"
    sums: dict[str, int] = {}
    for figures in json.loads(path.read_text()).values() if path.exists() else ():
        for name, value in figures.items():
            sums[name] = sums.get(name, 0) + value
    return sums
