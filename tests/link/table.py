"""The rows that are printed: what was wanted, what was seen, whether it holds."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Row:
    """One measured figure; without a bound it only tells."""

    name: str
    seen: str
    bound: str = ""
    holds: bool = True


def at_most(name: str, value: float, bound: float, unit: str) -> Row:
    """Return a row whose value must not be larger than the bound."""
    return Row(name=name, seen=_shown(value, unit), bound=f"<= {_shown(bound, unit)}", holds=value <= bound)


def at_least(name: str, value: float, bound: float, unit: str) -> Row:
    """Return a row whose value must not be smaller than the bound."""
    return Row(name=name, seen=_shown(value, unit), bound=f">= {_shown(bound, unit)}", holds=value >= bound)


def told(name: str, value: float | str, unit: str = "") -> Row:
    """Return a row that only tells."""
    return Row(name=name, seen=value if isinstance(value, str) else _shown(value, unit))


def show(rows: list[Row]) -> str:
    """Return the rows as lines of text."""
    wide = max(len(row.name) for row in rows)
    return "\n".join(f"{row.name:<{wide}}  {row.seen:>16}  {row.bound:>16}  {_verdict(row)}".rstrip() for row in rows)


def _verdict(row: Row) -> str:
    if not row.bound:
        return ""
    return "ok" if row.holds else "BROKEN"


def _shown(value: float, unit: str) -> str:
    if unit == "%":
        return f"{value * 100:.1f} %"
    return f"{value:,.0f} {unit}".strip() if abs(value) >= 100 else f"{value:.1f} {unit}".strip()
