"""What a return means for an officer: why the office sent the application back, and what to do now.

One entry for each ``ReturnReason``; a test fails when one is missing or has no English. The receipt names the office
and the reason only. The office's note and the fields that it asks for stay with the case at the hub, and a returned
application is not edited here: the officer asks the office and files a new one.
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
        to_do=later("Tanyakan dokumen mana yang kurang, lalu minta pemohon membawanya."),
    ),
    ReturnReason.DOCUMENT_UNREADABLE: ReturnAdvice(
        reason=later("Ada dokumen yang tidak terbaca."),
        to_do=later("Tanyakan dokumen mana yang tidak terbaca, lalu potret atau pindai lagi aslinya dengan jelas."),
    ),
    ReturnReason.DATA_WRONG: ReturnAdvice(
        reason=later("Ada isian yang salah atau belum lengkap."),
        to_do=later("Tanyakan isian mana yang dimaksud, lalu pastikan yang benar bersama pemohon."),
    ),
    ReturnReason.DATA_DIFFERS: ReturnAdvice(
        reason=later("Ada isian yang berbeda dengan dokumennya."),
        to_do=later("Tanyakan isian mana yang berbeda, lalu cocokkan dengan dokumen asli bersama pemohon."),
    ),
    ReturnReason.WRONG_SERVICE: ReturnAdvice(
        reason=later("Layanan yang dipilih tidak sesuai dengan keperluan pemohon."),
        to_do=later("Tanyakan layanan mana yang sesuai, lalu pilih layanan itu dari daftar."),
    ),
    ReturnReason.OTHER: ReturnAdvice(
        reason=later("Ada alasan lain, yang ditulis kantor itu dalam catatannya."),
        to_do=later("Tanyakan isi catatannya, lalu bicarakan dengan pemohon."),
    ),
}

UNKNOWN_RETURN = ReturnAdvice(
    reason=later("Alasannya disebut dengan kode yang belum dikenal program ini."),
    to_do=later("Sebutkan kode itu dan tanyakan apa yang diminta; mungkin program perlu diperbarui."),
)


def return_advice(code: str) -> ReturnAdvice:
    """Return what a reason code means; a newer hub may know codes that this program does not."""
    return RETURNS.get(code, UNKNOWN_RETURN)
