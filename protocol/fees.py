"""What an application costs, in whole rupiah, computed alike on the node's slip and at the hub.

Rules:
1. Integers only; a formula is rounded down, so that nobody pays for a part of a rupiah.
2. An amount that somebody else must assess (local tax, levy notice, national system) is ``None``, never a guess.
3. An answer that is missing or not a number leaves the amount ``None``; it is the form's business to refuse it.
"""

from dataclasses import dataclass
from enum import StrEnum
from math import prod

from protocol.answers import GivenAnswers, condition_holds
from protocol.catalogue import AssessedLevy, FeeRule, Fixed, Formula, Free, LocalTax, NationalSystem, Service, Text
from protocol.ids import FieldKey


class FeeKind(StrEnum):
    """How the amount came about."""

    FREE = "free"
    EXEMPT = "exempt"
    FIXED = "fixed"
    FORMULA = "formula"
    LOCAL_TAX = "local_tax"
    ASSESSED_LEVY = "assessed_levy"
    NATIONAL_SYSTEM = "national_system"


@dataclass(frozen=True, kw_only=True)
class Fee:
    """The fee of one application. ``amount_rp`` is ``None`` as long as nobody has assessed it."""

    kind: FeeKind
    amount_rp: int | None
    basis: Text

    @property
    def is_free(self) -> bool:
        """Whether the slip says GRATIS."""
        return self.kind in {FeeKind.FREE, FeeKind.EXEMPT}


_KINDS: dict[type, FeeKind] = {
    Free: FeeKind.FREE,
    Fixed: FeeKind.FIXED,
    Formula: FeeKind.FORMULA,
    LocalTax: FeeKind.LOCAL_TAX,
    AssessedLevy: FeeKind.ASSESSED_LEVY,
    NationalSystem: FeeKind.NATIONAL_SYSTEM,
}


def assess_fee(service: Service, answers: GivenAnswers) -> Fee:
    """Return the fee of an application with these answers."""
    rule = service.fee
    if not isinstance(rule, Free) and rule.exempt_when and condition_holds(service, rule.exempt_when, answers):
        return Fee(kind=FeeKind.EXEMPT, amount_rp=0, basis=rule.basis)
    return Fee(kind=_KINDS[type(rule)], amount_rp=_amount(rule, answers), basis=rule.basis)


def fee_fields(service: Service) -> frozenset[FieldKey]:
    """Return the fields that decide about the fee: what is multiplied, and what exempts."""
    rule = service.fee
    factors = rule.factors if isinstance(rule, Formula) else ()
    exempting = () if isinstance(rule, Free) or rule.exempt_when is None else (rule.exempt_when.field,)
    return frozenset((*factors, *exempting))


def _amount(rule: FeeRule, answers: GivenAnswers) -> int | None:
    match rule:
        case Free():
            return 0
        case Fixed():
            return rule.amount_rp
        case Formula():
            return _formula(rule, answers)
        case _:
            return None


def _formula(rule: Formula, answers: GivenAnswers) -> int | None:
    factors = [value for key in rule.factors if type(value := answers.get(key)) is int and value >= 0]
    if len(factors) < len(rule.factors):
        return None
    return prod(factors) * rule.tariff_rp // rule.divisor
