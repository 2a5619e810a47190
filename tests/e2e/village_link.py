"""The line between one village and the broker: carries bytes, is cut without a word, or is as slow as a bad day."""

import contextlib
import socket
import threading
import time
from dataclasses import dataclass, field

PIECE = 256


@dataclass
class VillageLink:
    """Listens on loopback for one village; ``cut`` loses everything silently, as a dead radio link does."""

    far_port: int
    rate: int = 0
    """Bytes a second from village to broker; 0: as fast as it goes."""
    is_cut: bool = False
    _open: list[socket.socket] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Nothing passes any more, and nobody is told."""
        self.is_cut = True

    def mend(self, rate: int = 0) -> None:
        """Let new connections pass; those that were cut are closed, as a router does that comes back."""
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._open.clear()
        self.rate, self.is_cut = rate, False

    def close(self) -> None:
        self._server.close()
        self.mend()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                if self.is_cut:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self.far_port))
                self._open += [near, far]
                threading.Thread(target=self._carry, args=(near, far, True), daemon=True).start()
                threading.Thread(target=self._carry, args=(far, near, False), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket, is_up: bool) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE if is_up and self.rate else 65_536):
                if self.is_cut:
                    continue  # lost on the way
                if is_up and self.rate:
                    time.sleep(len(piece) / self.rate)
                target.sendall(piece)
        for each in (source, target):
            with contextlib.suppress(OSError):
                if not self.is_cut:
                    each.shutdown(socket.SHUT_RDWR)
