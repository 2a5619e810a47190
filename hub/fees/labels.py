"""Words for what this room stores; all of them are msgids."""

from collections.abc import Mapping

from hub.desks.labels import Badge
from hub.fees.rules import AssessmentState, Channel, FeeRule
from protocol.fees import FeeKind

STATES: Mapping[AssessmentState, Badge] = {
    AssessmentState.DUE: Badge(text="Belum dibayar", colour="warning", icon="cash-coin"),
    AssessmentState.PAID: Badge(text="Lunas", colour="success", icon="check-circle"),
    AssessmentState.EXEMPT: Badge(text="GRATIS", colour="success", icon="gift"),
    AssessmentState.REPLACED: Badge(text="Diganti ketetapan baru", colour="secondary", icon="arrow-repeat"),
}

KINDS: Mapping[FeeKind, str] = {
    FeeKind.FREE: "Tidak dipungut biaya",
    FeeKind.EXEMPT: "Dibebaskan dari biaya",
    FeeKind.FIXED: "Tarif tetap",
    FeeKind.FORMULA: "Dihitung dengan rumus",
    FeeKind.LOCAL_TAX: "Pajak daerah (SKPD)",
    FeeKind.ASSESSED_LEVY: "Retribusi yang ditetapkan (SKRD)",
    FeeKind.NATIONAL_SYSTEM: "Ditetapkan pada sistem nasional",
}

INCOMPLETE = "Ada yang perlu diperbaiki pada isian Anda."
ASSESSED = "Biaya sudah ditetapkan."
PAID = "Pembayaran sudah dicatat."
PROPOSED = "Perubahan diusulkan; pejabat dari kantor lain harus menyetujuinya."

CHANNELS: Mapping[Channel, str] = {
    Channel.BANK: "Bank atau virtual account",
    Channel.TREASURY: "Kasir daerah",
    Channel.QRIS: "QRIS",
}

RULES: Mapping[FeeRule, str] = {
    FeeRule.FREE_SERVICE: "Layanan ini GRATIS: tidak ada yang boleh ditagih atau dicatat sebagai pembayaran.",
    FeeRule.AMOUNT_COMPUTED: "Jumlah untuk layanan ini dihitung dari tarif; jumlah lain tidak dapat ditetapkan.",
    FeeRule.AMOUNT_NEEDED: "Isi jumlah dalam rupiah tanpa sen; untuk perubahan, jumlah yang lain dari sekarang.",
    FeeRule.AMOUNT_DIFFERS: "Jumlah pada bukti tidak sama dengan yang ditetapkan.",
    FeeRule.REFERENCE_NEEDED: "Isi nomor ketetapan atau nomor bukti, paling sedikit empat huruf atau angka.",
    FeeRule.NOT_ASSESSED: "Belum ada ketetapan yang harus dibayar.",
    FeeRule.ALREADY_ASSESSED: "Sudah ditetapkan; perubahan perlu persetujuan pejabat dari kantor lain.",
    FeeRule.WRONG_CODE: "Kode bayar bukan milik berkas ini, atau sudah diganti.",
    FeeRule.PROOF_USED: "Bukti ini sudah dipakai untuk berkas lain.",
    FeeRule.DATE: "Tanggal bayar harus antara tanggal ketetapan dan hari ini.",
    FeeRule.DIGEST: "Sidik berkas bukti harus 64 angka heksadesimal (SHA-256).",
}
