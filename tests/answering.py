"""What a village sends after its first bundle: corrections, files that it delivered before, acts of its officers."""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from hub.intake.carrier import Incoming
from loadtests.village import Made, Village, _seal_files
from protocol.bundle import Answer, Attachment, sign_manifest
from protocol.chunks import chunk_count
from protocol.envelope import Purpose, sign
from protocol.ids import FieldKey
from protocol.mailbox import DocumentRequest, Mail
from protocol.notices import Act, ActKind, sign_act
from protocol.sealing import BodyContext, load_sealing_key, seal, seal_body
from protocol.topics import Up, up
from protocol.wire import to_bytes


def correct(
    village: Village,
    first: Made,
    answers: Mapping[str, Answer] | None = None,
    files: Mapping[str, bytes] | None = None,
    changes: Mapping[str, object] | None = None,
) -> Made:
    """Seal a correction of a first bundle: these answers, one new file per requirement."""
    contents = list((files or {}).values())
    attachments = [an_attachment(key, content) for key, content in (files or {}).items()]
    fresh: dict[str, object] = {
        "corrects": first.bundle,
        "answers": {FieldKey(key): value for key, value in (answers or {}).items()},
        "handed_in": [],
        "attachments": attachments,
    }
    return seal_again(village, first, contents, fresh | dict(changes or {}))


def seal_again(village: Village, first: Made, contents: Sequence[bytes], changes: Mapping[str, object]) -> Made:
    """Seal a manifest like that of an earlier bundle under the next counter."""
    content_key = village.random.randbytes(32)
    fresh = {
        "counter": village.counter + 1,
        "previous": village.previous,
        "node": village.node,
        "officer": village.officer,
        "salt": village.random.randbytes(32),
        "content_key": hashlib.sha256(content_key).digest(),
    }
    manifest = msgspec.structs.replace(first.manifest, **(fresh | dict(changes)))
    signed = sign_manifest(manifest, officer_key=village.officer_key, node_key=village.node_key)
    village.counter, village.previous = manifest.counter, signed.bundle
    return Made(
        bundle=signed.bundle,
        manifest=manifest,
        signed=signed.signed,
        message=seal(signed.signed, content_key, village._seal_to(signed.bundle)),
        chunks=_seal_files(list(contents), content_key, signed.bundle),
    )


def an_attachment(requirement: str, content: bytes, delivered_in: bytes | None = None) -> Attachment:
    """Return a file as a manifest names it."""
    return Attachment(
        requirement=FieldKey(requirement),
        name="berkas",
        media_type="image/jpeg",
        size=len(content),
        sha256=hashlib.sha256(content).digest(),
        chunks=chunk_count(len(content)),
        delivered_in=delivered_in,
    )


def an_act(village: Village, bundle: bytes, kind: str = ActKind.HANDED_OVER) -> Act:
    """Return what an officer states about a bundle."""
    return Act(
        kind=str(kind),
        act=village.random.randbytes(32),
        bundle=bundle,
        node=village.node,
        officer=village.officer,
        claimed_at=1_795_000_000_000,
        person="Contoh Penerima",
    )


def sealed_act(village: Village, act: Act) -> bytes:
    """Return the act as it lies in a mail."""
    context = BodyContext(hub=village.hub.hub, node=village.node, kind="act")
    return seal_body(sign_act(act, village.officer_key), load_sealing_key(village.hub.sealing_key), context)


def a_mail(
    village: Village, *, cursor: int = 0, acts: Sequence[bytes] = (), documents: Sequence[DocumentRequest] = ()
) -> Incoming:
    """Return a mail of a node."""
    mail = Mail(node=village.node, cursor=cursor, acts=list(acts), documents=list(documents))
    return Incoming(up(village.node, Up.MAIL), sign(to_bytes(mail), key=village.node_key, purpose=Purpose.MAIL))
