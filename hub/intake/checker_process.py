"""The process beside intake that opens bundles: ``python -m hub.intake.checker_process FD``.

It is given the hub's sealing keys and its services through a socket that nobody else has, answers batches of bundles,
and ends with the other side. It reads no file and no database, and decides nothing: see ``checker.py``.
"""

import signal
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from multiprocessing.connection import Connection

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hub.intake.checker import Answer, Begin, Question, decoder, encode
from hub.intake.opening import Opener, Proven, Services, check_form
from protocol.catalogue_check import parse_service
from protocol.errors import OfficerUnknownError, ProtocolError


@lru_cache(maxsize=10_000)
def _public_key(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def answer(opener: Opener, services: Services, questions: Sequence[Question]) -> list[Answer]:
    """Open these bundles; None stands for one that does not hold, whatever the reason."""
    return [_answer_one(opener, services, question) for question in questions]


def _answer_one(opener: Opener, services: Services, question: Question) -> Answer:
    node_key = _public_key(question.node_key)
    try:
        verified = opener.open(question.payload, question.node, node_key, _finder(question))
    except ProtocolError:
        return None  # the other side looks again, for the reason
    return Proven(verified=verified, form=check_form(services, verified.manifest))


def _finder(question: Question) -> Callable[[bytes], Ed25519PublicKey]:
    def find(kid: bytes) -> Ed25519PublicKey:
        raw = question.officers.get(kid)
        if raw is None:
            raise OfficerUnknownError
        return _public_key(raw)

    return find


def main() -> None:
    """Answer until the other side is gone; signals to the group are for that side."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    questions = decoder(list[Question])
    with Connection(int(sys.argv[1])) as connection:
        try:
            begin = decoder(Begin).decode(connection.recv_bytes())
            opener, services = _prepare(begin)
            while True:
                asked = questions.decode(connection.recv_bytes())
                connection.send_bytes(encode(answer(opener, services, asked)))
        except (EOFError, OSError):
            return


def _prepare(begin: Begin) -> tuple[Opener, Services]:
    keys = {kid: X25519PrivateKey.from_private_bytes(raw) for kid, raw in begin.sealing_keys.items()}
    services = map(parse_service, begin.services)
    return Opener(hub=begin.hub, sealing_keys=keys), {(str(each.code), each.version): each for each in services}


if __name__ == "__main__":
    main()
