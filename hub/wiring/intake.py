"""The intake program: what it hands from higher rooms to the lower ones."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from hub.casework.service import asked_for, take_in
from hub.catalogue.catalogue import Catalogue
from hub.dispatch.acts import take_act
from hub.dispatch.ahead import SentAhead
from hub.dispatch.documents import DocumentPost
from hub.health.presence import on_healths
from hub.intake.carrier import Outgoing
from hub.intake.context import HubSecrets, IntakeContext, Stores
from hub.intake.reading import AcceptedBundle
from hub.network.mail import answer_mail
from hub.network.requests import AnswerOpener, take_answers
from hub.parcels.reader import ParcelReader
from hub.parcels.spool import Spool
from hub.permits.documents import document_ref, read_document
from hub.permits.errors import DocumentNotFoundError
from hub.settings import Settings
from hub.storage.errors import KeyringError
from hub.wiring.cases import make_case_tools
from hub.wiring.equipment import Ports, load_secrets
from protocol.documents import DocumentRef
from protocol.health import Health
from protocol.mailbox import Mail
from protocol.notices import Act


def make_intake(settings: Settings, stores: Stores, ports: Ports) -> IntakeContext:
    """Build the intake of a hub."""
    catalogue = Catalogue.load()
    secrets, ahead = load_secrets(settings), SentAhead()
    tools = make_case_tools(settings, catalogue, stores.keyring, ports)

    def open_accepted(session: Session, now: datetime, accepted: Sequence[AcceptedBundle]) -> None:
        take_in(session, now, accepted, tools)

    def take(session: Session, now: datetime, act: Act) -> None:
        take_act(session, now, act, tools)

    opener = AnswerOpener(hub=settings.hub, keys=secrets.sealing)

    def take_mail(session: Session, now: datetime, mail: Mail) -> list[Outgoing]:
        take_answers(session, now, mail.node, mail.answers, opener)
        return answer_mail(session, now, mail, message_key=secrets.message, ahead=ahead)

    def take_health(session: Session, now: datetime, healths: Sequence[Health]) -> list[Outgoing]:
        on_healths(session, now, healths)
        return []

    return IntakeContext(
        hub=settings.hub,
        stores=stores,
        secrets=secrets,
        catalogue=catalogue,
        clock=ports.clock,
        randomness=ports.randomness,
        open_cases=open_accepted,
        asked_for=asked_for,
        on_mail=take_mail,
        on_act=take,
        fetch_pieces=make_document_post(stores, secrets).fetch,
        on_health=take_health,
    )


def make_parcel_reader(settings: Settings, context: IntakeContext) -> ParcelReader:
    """Return what reads the parcels of the spool on behalf of intake."""
    documents = make_document_post(context.stores, context.secrets)
    return ParcelReader(context, Spool(settings.data_dir / "parcels"), documents)


def make_document_post(stores: Stores, secrets: HubSecrets) -> DocumentPost:
    """Return what sends documents to villages; they are kept by permits, which dispatch does not know."""

    def read(session: Session, document: bytes) -> tuple[DocumentRef, bytes] | None:
        try:
            ref = document_ref(session, stores.keyring, document)
            return ref, read_document(session, stores.keyring, stores.blobs, document)
        except (DocumentNotFoundError, KeyringError):
            return None  # there is none, or its case was erased

    return DocumentPost(read, secrets.message)
