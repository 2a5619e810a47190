"""What a return means for an officer: why the office sent the application back, and what to do now.

One entry for each ``ReturnReason``; a test fails when one is missing or has no English. The receipt names the office
and the reason; the note and what is asked for come in a sealed letter, which the correction's page opens.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.receipt import ReturnReason
from village_node.web.language import Lazy, later


@dataclass(frozen=True, kw_only=True)
class ReturnAdvice:
    """Why an application came back, and the officer's first step."""

    reason: Lazy
    to_do: Lazy


RETURNS: Mapping[str, ReturnAdvice] = {
    ReturnReason.DOCUMENT_MISSING: ReturnAdvice(
        reason=later("Ada dokumen yang kurang."),
        to_do=later("Minta pemohon membawa dokumen yang disebut kantor."),
    ),
    ReturnReason.DOCUMENT_UNREADABLE: ReturnAdvice(
        reason=later("Ada dokumen yang tidak terbaca."),
        to_do=later("Potret atau pindai lagi aslinya dengan jelas."),
    ),
    ReturnReason.DATA_WRONG: ReturnAdvice(
        reason=later("Ada isian yang salah atau belum lengkap."),
        to_do=later("Pastikan isian yang benar bersama pemohon."),
    ),
    ReturnReason.DATA_DIFFERS: ReturnAdvice(
        reason=later("Ada isian yang berbeda dengan dokumennya."),
        to_do=later("Cocokkan isian dengan dokumen asli bersama pemohon."),
    ),
    ReturnReason.WRONG_SERVICE: ReturnAdvice(
        reason=later("Layanan yang dipilih tidak sesuai dengan keperluan pemohon."),
        to_do=later("Baca catatan kantor, lalu ajukan permohonan baru dengan layanan yang sesuai."),
    ),
    ReturnReason.OTHER: ReturnAdvice(
        reason=later("Ada alasan lain, yang ditulis kantor itu dalam catatannya."),
        to_do=later("Baca catatan kantor bersama pemohon."),
    ),
}

UNKNOWN_RETURN = ReturnAdvice(
    reason=later("Alasannya disebut dengan kode yang belum dikenal program ini."),
    to_do=later("Sebutkan kode itu dan tanyakan apa yang diminta; mungkin program perlu diperbarui."),
)


def return_advice(code: str) -> ReturnAdvice:
    """Return what a reason code means; a newer hub may know codes that this program does not."""
    return RETURNS.get(code, UNKNOWN_RETURN)
