"""What a signature provider is: it takes a PDF and gives it back signed (PAdES), or says why not.

Providers are slow (a file is drawn again, a service far away is asked) and so are never called inside of a transaction.
A passphrase is handed through and kept nowhere: not in a table, a log, an error, or the text of an object.
"""

import io
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko.sign.validation.generic_cms import validate_sig_integrity
from pyhanko.sign.validation.status import SignatureCoverageLevel

SIGNATURE_FIELD = "Simpul"


class ProviderError(Exception):
    """Base of what a provider answers instead of a signed file."""


class PassphraseRefusedError(ProviderError):
    """The passphrase is wrong."""


class SignerUnknownError(ProviderError):
    """The service has no certificate for this person."""


class ProviderAwayError(ProviderError):
    """The service cannot be reached, or took too long: nothing was signed, or nobody will ever see it."""


class ProviderRefusedError(ProviderError):
    """The service refused for another reason, or answered with something that is not our document, signed."""


@dataclass(frozen=True, slots=True)
class Passphrase:
    """A secret that a person typed for one signature; it never shows in a text."""

    value: str = field(repr=False)

    @property
    def is_given(self) -> bool:
        """Whether anything was typed."""
        return bool(self.value)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signer:
    """Who signs, as the certificate and the service shall know them."""

    name: str
    capacity: str
    """The post's line: ``Plt. Camat Kalijambe``."""
    office: str
    nik: str = field(default="", repr=False)
    """For services that know people by their national number."""


class SignatureProvider(Protocol):
    """Signs a PDF for a person."""

    @property
    def asks_passphrase(self) -> bool:
        """Whether the person has to type a passphrase (and a national number has to be known)."""
        ...

    def sign_pdf(self, pdf: bytes, signer: Signer, passphrase: Passphrase, now: datetime) -> bytes:
        """Return the signed file; it begins with the bytes that were handed in.

        Raises:
            ProviderError: one of its subclasses; nothing of the person's secret is in it.
        """
        ...


def is_signed_copy(signed: bytes, original: bytes) -> bool:
    """Tell whether a file is the original with one signature that covers the whole of it and holds."""
    if not signed.startswith(original):
        return False
    try:
        found = PdfFileReader(io.BytesIO(signed)).embedded_signatures
        if len(found) != 1 or found[0].evaluate_signature_coverage() is not SignatureCoverageLevel.ENTIRE_FILE:
            return False
        return all(
            validate_sig_integrity(
                found[0].signer_info,
                found[0].signer_cert,
                expected_content_type="data",
                actual_digest=found[0].compute_digest(),
            )
        )
    except (PdfError, SignatureValidationError, ValueError, KeyError, TypeError):
        return False
