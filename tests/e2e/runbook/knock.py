"""Knocks at the broker of the copy: with a certificate of the hub's own, or without one."""

import socket
import ssl
import sys
from pathlib import Path

PKI = Path("/var/lib/simpul/pki")
CONNECT = bytes.fromhex("100d00044d5154540402003c000161")
UPGRADE = (
    b"GET /mqtt HTTP/1.1\r\nHost: broker\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
)
WEB = 443


def main(host: str, port: int, *, has_certificate: bool) -> str:
    """Return ``in`` or ``refused``."""
    context = ssl.create_default_context(cafile=PKI / "ca.crt")
    if has_certificate:
        context.load_cert_chain(PKI / "hub-intake.crt", PKI / "hub-intake.key")
    try:
        with socket.create_connection((host, port), timeout=5) as plain:
            secured = context.wrap_socket(plain, server_hostname=host)
            secured.sendall(UPGRADE if port == WEB else CONNECT)
            return "in" if secured.recv(100) else "refused"
    except OSError:
        return "refused"


if __name__ == "__main__":
    where, number, how = sys.argv[1:]
    print(f"SEEN {where} {number} {how}: {main(where, int(number), has_certificate=how == 'with')}")
