"""Signatures of documents: pdfsig and pyHanko's validator accept them, and refuse a changed byte."""

import io
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.keys.pemder import load_certs_from_pemder_data
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.errors import SignatureValidationError
from pyhanko_certvalidator import ValidationContext

from hub.permits.local_ca import KEY_FILE, DocumentAuthority, make_authority
from hub.permits.paper import draw
from hub.permits.signing import Passphrase, is_signed_copy
from hub.storage.errors import StorageError
from tests.integration.permits.papers import NOW, SIGNER, a_paper, a_provider
from tests.requirements import require

PROVIDER = a_provider()
ORIGINAL = draw(a_paper())
SIGNED = PROVIDER.sign_pdf(ORIGINAL, SIGNER, Passphrase(""), NOW)


def pdfsig(content: bytes, folder: Path) -> str:
    file = folder / "signed.pdf"
    file.write_bytes(content)
    found = subprocess.run([require("pdfsig"), "-nocert", str(file)], capture_output=True, check=False)
    return found.stdout.decode()


def is_valid(content: bytes) -> bool:
    """Ask pyHanko's validator, with the regency's authority as the only root."""
    (root,) = load_certs_from_pemder_data(PROVIDER.authority.certificate.public_bytes(Encoding.DER))
    context = ValidationContext(trust_roots=[root], moment=NOW + timedelta(days=1))
    try:
        found = PdfFileReader(io.BytesIO(content)).embedded_signatures
        return bool(found) and validate_pdf_signature(found[0], context).bottom_line
    except (PdfError, SignatureValidationError, ValueError):
        return False


def test_pdfsig_accepts_the_signature(tmp_path: Path) -> None:
    report = pdfsig(SIGNED, tmp_path)
    assert "Signature is Valid" in report
    assert "Total document signed" in report
    assert "Dr. Budi Ma'arif, S.H." in report
    assert "ETSI.CAdES.detached" in report
    assert "Nov 24 2026" in report


def test_pyhanko_accepts_the_signature_and_its_chain() -> None:
    assert is_valid(SIGNED)


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.74])
def test_one_changed_byte_is_refused_by_both(share: float, tmp_path: Path) -> None:
    changed = bytearray(SIGNED)
    changed[int(len(ORIGINAL) * share)] ^= 1
    assert not is_valid(bytes(changed))
    assert "Signature is Valid" not in pdfsig(bytes(changed), tmp_path)


def test_whatever_is_added_afterwards_breaks_it() -> None:
    added = SIGNED + ORIGINAL[-200:]
    assert not is_valid(added)


def test_another_authority_is_not_trusted() -> None:
    other = a_provider().sign_pdf(ORIGINAL, SIGNER, Passphrase(""), NOW)
    assert is_signed_copy(other, ORIGINAL)
    assert not is_valid(other)


def test_no_two_signatures_share_a_key() -> None:
    keys = {
        PdfFileReader(io.BytesIO(PROVIDER.sign_pdf(ORIGINAL, SIGNER, Passphrase(""), NOW)))
        .embedded_signatures[0]
        .signer_cert.public_key.dump()
        for _ in range(3)
    }
    assert len(keys) == 3


def test_a_signed_copy_is_the_very_file_with_one_whole_signature() -> None:
    changed = bytearray(SIGNED)
    changed[len(SIGNED) - 40] ^= 1
    assert is_signed_copy(SIGNED, ORIGINAL)
    assert not is_signed_copy(ORIGINAL, ORIGINAL)
    assert not is_signed_copy(SIGNED, draw(a_paper(holder="Orang Lain")))
    assert not is_signed_copy(bytes(changed), ORIGINAL)


def test_the_authority_is_made_once(tmp_path: Path) -> None:
    for hub in ("3314", "3313"):
        make_authority(tmp_path, hub, now=NOW, entropy=lambda size: bytes(size - 1) + b"\1")
    assert "3314" in DocumentAuthority.open(tmp_path).certificate.subject.rfc4514_string()
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o077 == 0


def test_a_broken_authority_is_said(tmp_path: Path) -> None:
    make_authority(tmp_path, "3314", now=NOW, entropy=lambda size: bytes(size - 1) + b"\1")
    (tmp_path / KEY_FILE).write_bytes(b"no key")
    with pytest.raises(StorageError):
        DocumentAuthority.open(tmp_path)
