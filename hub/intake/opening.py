"""Opening one bundle: box, two signatures, identity, and whether its answers fit the form. Pure, and light to load.

Apart from ``verify.py``: the process that does this beside the committing one (``checker.py``) loads no database.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from hub.intake.rules import FormCheck
from protocol.answers import check_answers, check_attachments
from protocol.bundle import Attachment, Manifest, VerifiedBundle, verify_bundle
from protocol.catalogue import Service
from protocol.envelope import one_key
from protocol.errors import IdentityError, SealingKeyUnknownError
from protocol.ids import HubId, NodeId
from protocol.sealing import open_sealed, parse_sealed

OfficerFinder = Callable[[bytes], Ed25519PublicKey]
Services = Mapping[tuple[str, int], Service]
"""By code and version."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Opener:
    """The hub's name and the keys that open what is sealed to it."""

    hub: HubId
    sealing_keys: Mapping[bytes, X25519PrivateKey]

    def open(
        self, raw: bytes, node: NodeId, node_key: Ed25519PublicKey, find_officer_key: OfficerFinder
    ) -> VerifiedBundle:
        """Verify a bundle that came on this node's topic.

        Raises:
            ProtocolError: it does not hold; the code says why.
        """
        sealed = parse_sealed(raw)
        if (sealed.hub, sealed.node) != (self.hub, node):
            raise IdentityError
        key = self.sealing_keys.get(sealed.kid)
        if key is None:
            raise SealingKeyUnknownError
        return verify_bundle(
            sealed,
            open_sealed(sealed, key),
            find_node_key=one_key(node_key),
            find_officer_key=find_officer_key,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Proven:
    """What was found out about one bundle beforehand: true for ever, whatever the registry says meanwhile."""

    verified: VerifiedBundle
    form: FormCheck
    """For a first bundle; a correction is judged together with what it corrects."""


NOTHING_PROVEN: Mapping[bytes, Proven] = MappingProxyType({})


def check_form(services: Services, manifest: Manifest) -> FormCheck:
    """Judge the answers and files of a first bundle."""
    service = services.get((manifest.service, manifest.service_version))
    if service is None or not service.is_open:
        return FormCheck.SERVICE_UNKNOWN
    return judge_form(service, manifest, manifest.attachments)


def judge_form(service: Service, manifest: Manifest, attachments: Iterable[Attachment]) -> FormCheck:
    """Judge the answers of a manifest and these of its files against a service."""
    if check_answers(service, manifest.answers):
        return FormCheck.ANSWERS_INVALID
    files = [(item.requirement, item.media_type) for item in attachments]
    if check_attachments(service, manifest.answers, files):
        return FormCheck.ATTACHMENTS_INVALID
    return FormCheck.FITS
