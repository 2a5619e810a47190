"""The intake program: takes bundles from the broker, verifies, commits, answers."""

import gc
import sys

from hub.authority.pki import HubClient
from hub.intake.checker import ProcessChecker
from hub.intake.fairness import Quota
from hub.intake.mqtt import MqttCarrier
from hub.intake.opening import Opener
from hub.intake.runner import DiskFailedError, IntakeRunner, Pace, nothing_aside
from hub.intake.shards import Shard
from hub.ledger.errors import LedgerCorruptError
from hub.programs.process import end_if, load_settings, run_program, stop_event
from hub.storage.single import single_instance
from hub.wiring.equipment import broker_options, make_ports, make_stores
from hub.wiring.intake import make_intake, make_parcel_reader

GIL_SWITCH_S = 0.0003
"""How long the committing thread may keep the network thread waiting; 5 ms, the default, cost a fifth of the speed."""


GC_AFTER = 50_000
"""Objects between two looks for garbage; with 700, the default, looking took a twelfth of the time."""


def main() -> None:
    """Run until stopped."""
    run_program(_run, (DiskFailedError, LedgerCorruptError))


def _run() -> None:
    settings = load_settings()
    sys.setswitchinterval(GIL_SWITCH_S)
    stopped = stop_event()
    context = make_intake(settings, make_stores(settings), make_ports(settings))
    shard = Shard(number=settings.intake_shard, of=settings.intake_shards)
    client_id, hub = f"{HubClient.INTAKE}{shard.suffix}", settings.hub
    options = broker_options(settings, HubClient.INTAKE)
    carrier = MqttCarrier(options, client_id, shard.filters(hub), shard.foreign_filters(hub))
    quota = Quota(messages_per_s=settings.node_messages_s, burst=settings.node_burst, mb_per_day=settings.node_mb_day)
    pace = Pace(most=settings.batch_messages, linger_s=settings.linger_ms / 1000, quota=quota)
    opener = Opener(hub=context.hub, sealing_keys=context.secrets.sealing)
    checker = ProcessChecker(opener, context.catalogue.services.values())
    gc.freeze()  # what was loaded stays
    gc.set_threshold(GC_AFTER)
    with single_instance(settings.data_dir / f"intake{shard.suffix}.lock"):
        carrier.start()
        try:
            aside = make_parcel_reader(settings, context).work if shard.is_first else nothing_aside
            runner = IntakeRunner(context, carrier, pace, stopped.wait, aside, checker)
            runner.run(lambda: stopped.is_set() or carrier.is_deaf)
            end_if(is_deaf=carrier.is_deaf)
        finally:
            carrier.stop()
            checker.stop()
