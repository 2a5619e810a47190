"""Pure decisions about fees: what is due, the payment code, what counts as a proof, revenue against target.

Rules:
1. A price that the service itself states (free, fixed, formula) is computed from the answers, never typed; nobody can
   ask for more or less. What somebody else assesses (levy, local tax, national system) is typed by that office.
2. At a free service nothing is assessed and nothing can be recorded: there is nothing that cash could be for.
3. A local tax and a fee of a national system come by reference: their own notice has a number, which is kept.
4. A payment code has 16 digits: regency, year, serial, two check digits (ISO/IEC 7064 MOD 97-10): one wrong digit or
   two exchanged ones never hit another code.
5. A proof is a channel and a reference number. The same proof again is the same payment; it never pays twice.
6. A payment is exactly what is due, on a day from the assessment to today.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from protocol.fees import Fee, FeeKind
from protocol.ids import HubId

MAX_AMOUNT_RP = 10**12
MAX_REFERENCE = 60
CODE_DIGITS = 16
DIGEST_BYTES = 32

COMPUTED = frozenset({FeeKind.FREE, FeeKind.EXEMPT, FeeKind.FIXED, FeeKind.FORMULA})
"""Kinds whose amount follows from the service and the answers alone."""

BY_REFERENCE = frozenset({FeeKind.LOCAL_TAX, FeeKind.NATIONAL_SYSTEM})
"""Kinds whose notice somebody else numbers."""


class FeeRule(StrEnum):
    """The rule that a refused act would have broken; stable, and what screens translate."""

    FREE_SERVICE = "free_service"  # GRATIS: nothing may be asked or taken
    AMOUNT_COMPUTED = "amount_computed"  # the tariff says another amount
    AMOUNT_NEEDED = "amount_needed"
    AMOUNT_DIFFERS = "amount_differs"  # not what is due
    REFERENCE_NEEDED = "reference_needed"  # the number of the tax notice, of the national system, or of the proof
    NOT_ASSESSED = "not_assessed"
    ALREADY_ASSESSED = "already_assessed"  # a change needs a second person
    WRONG_CODE = "wrong_code"  # not this case's payment code, or one that was replaced
    PROOF_USED = "proof_used"  # the same proof already paid something else
    DATE = "date"  # before the assessment, or in the future
    DIGEST = "digest"  # not a SHA-256


class Channel(StrEnum):
    """Where money may be paid. An officer's hand is no channel."""

    BANK = "bank"  # transfer, virtual account
    TREASURY = "treasury"  # counter of the regency's treasury
    QRIS = "qris"


class AssessmentState(StrEnum):
    """Where an assessment stands."""

    DUE = "due"
    PAID = "paid"
    EXEMPT = "exempt"  # nothing is due
    REPLACED = "replaced"  # by another one, with a second person's word


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """What an assessor enters; empty where the tariff decides."""

    amount_rp: int | None = None
    reference: str = ""
    """Number of the tax notice (SKPD) or of the national system."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Due:
    """What a payment is held against."""

    amount_rp: int
    code: str
    assessed_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class Paid:
    """What is said about a payment."""

    code: str
    amount_rp: int
    channel: Channel
    reference: str
    paid_on: date
    digest: bytes = b""
    """SHA-256 of a picture or file of the proof; empty: none was kept."""


def assessment_rule(fee: Fee, claim: Claim) -> FeeRule | None:
    """Return the first rule that an assessment breaks (rules 1 to 3)."""
    if fee.kind in COMPUTED:
        return FeeRule.AMOUNT_COMPUTED if claim.amount_rp not in {None, fee.amount_rp} else None
    if claim.amount_rp is None or not 0 <= claim.amount_rp <= MAX_AMOUNT_RP:
        return FeeRule.AMOUNT_NEEDED
    if fee.kind in BY_REFERENCE and not is_reference(claim.reference):
        return FeeRule.REFERENCE_NEEDED
    return None


def amount_due(fee: Fee, claim: Claim) -> int:
    """Return what is due under an assessment that breaks no rule."""
    if fee.kind in COMPUTED:
        return fee.amount_rp or 0
    return claim.amount_rp or 0


def payment_rule(due: Due | None, paid: Paid, today: date) -> FeeRule | None:
    """Return the first rule that a payment breaks (rules 2 and 6)."""
    if due is None:
        return FeeRule.NOT_ASSESSED
    if due.amount_rp == 0:
        return FeeRule.FREE_SERVICE
    if normal_code(paid.code) != due.code:
        return FeeRule.WRONG_CODE
    if paid.amount_rp != due.amount_rp:
        return FeeRule.AMOUNT_DIFFERS
    return _proof_rule(due, paid, today)


def payment_code(hub: HubId, year: int, serial: int) -> str:
    """Return the code of 16 digits under which a bank takes the money (rule 4).

    Raises:
        ValueError: more serials in a year than the code has room for.
    """
    if not 1 <= serial < 10**8:
        raise ValueError("payment code: serial")
    stem = f"{hub}{year % 100:02d}{serial:08d}"
    return f"{stem}{98 - int(stem) * 100 % 97:02d}"


def is_payment_code(text: str) -> bool:
    """Tell whether these are 16 digits with the right check digits."""
    code = normal_code(text)
    return len(code) == CODE_DIGITS and int(code) % 97 == 1


def normal_code(text: str) -> str:
    """Return a typed code as digits alone; what is none becomes empty."""
    digits = "".join(letter for letter in text if letter not in " -.")
    return digits if digits.isascii() and digits.isdigit() else ""


def normal_reference(text: str) -> str:
    """Return a proof's number in the one form that is compared: capitals and digits."""
    return "".join(letter for letter in text.upper() if letter.isalnum())[:MAX_REFERENCE]


def is_reference(text: str) -> bool:
    """Tell whether a text can be the number of a notice or a proof."""
    return len(text.strip()) <= MAX_REFERENCE and len(normal_reference(text)) >= 4  # noqa: PLR2004  # shorter repeats


def share_of_target(revenue_rp: int, target_rp: int | None) -> int | None:
    """Return the revenue in per mille of the target, rounded down; None without a target."""
    return revenue_rp * 1_000 // target_rp if target_rp else None


def _proof_rule(due: Due, paid: Paid, today: date) -> FeeRule | None:
    if not is_reference(paid.reference):
        return FeeRule.REFERENCE_NEEDED
    if not due.assessed_on <= paid.paid_on <= today:
        return FeeRule.DATE
    return FeeRule.DIGEST if len(paid.digest) not in {0, DIGEST_BYTES} else None
