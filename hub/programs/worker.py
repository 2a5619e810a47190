"""The worker program: signs receipts of casework, publishes notices, sends the beacon."""

from hub.authority.pki import HubClient
from hub.intake.mqtt import MqttCarrier
from hub.ledger.errors import LedgerCorruptError
from hub.programs.process import end_if, load_settings, run_program, stop_event
from hub.storage.single import single_instance
from hub.wiring.equipment import broker_options, make_ports, make_stores
from hub.wiring.worker import make_worker
from hub.worker import Worker


def main() -> None:
    """Run until stopped."""
    run_program(_run, (LedgerCorruptError,))


def _run() -> None:
    settings = load_settings()
    stopped = stop_event()
    context = make_worker(settings, make_stores(settings), make_ports(settings))
    carrier = MqttCarrier(broker_options(settings, HubClient.WORKER), str(HubClient.WORKER))
    with single_instance(settings.data_dir / "worker.lock"):
        carrier.start()
        try:
            carrier.wait_connected(10)
            Worker(context, carrier, stopped.wait).run(lambda: stopped.is_set() or carrier.is_deaf)
            end_if(is_deaf=carrier.is_deaf)
        finally:
            carrier.stop()
