"""What every program has that changes cases."""

from hub.casework.events import CaseTools
from hub.catalogue.catalogue import Catalogue
from hub.dispatch.post import village_post
from hub.settings import Settings
from hub.storage.keyring import Keyring
from hub.wiring.equipment import Ports


def make_case_tools(settings: Settings, catalogue: Catalogue, keyring: Keyring, ports: Ports) -> CaseTools:
    """Return what casework works with: its village is told by dispatch, which stands above it."""
    return CaseTools(
        catalogue=catalogue,
        keyring=keyring,
        randomness=ports.randomness,
        ids=ports.ids,
        notify=village_post(settings.hub),
    )
