"""What the post of the nodes decides: when a node gets a further block of numbers. Values in, values out."""

FEW_NUMBERS = 60
"""Two to three weeks of a busy village: time enough for a lease to arrive over a bad link."""

MOST_UNUSED = 2_000
"""Leased numbers that no bundle has used. A node that says forever that it has none left gets no more than this."""


def needs_numbers(free_numbers: int, *, has_this_year: bool, unused: int) -> bool:
    """Say whether a node should get a further block: few are left, or it has none of the year that has begun."""
    return unused < MOST_UNUSED and (free_numbers < FEW_NUMBERS or not has_this_year)
