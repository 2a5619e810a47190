"""Names of things. Constructing one validates it; a wrong one raises ``SchemaError``.

Sources: region codes after Permendagri 58/2021 (Kepmendagri 300.2.2-2430/2025); check digits after ISO/IEC 7064
MOD 97-10; codes in Crockford's base 32.
"""

import hashlib
import re
from typing import ClassVar, Self

from protocol.errors import SchemaError

CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
TRACKING_BYTES = 10
"""80 bits: 10 guesses per second hit one of 83 million cases once in 10^9 years."""


class _Name(str):
    """A text that matches its pattern."""

    __slots__ = ()
    pattern: ClassVar[re.Pattern[str]]

    def __new__(cls, value: str) -> Self:
        """Validate and build.

        Raises:
            SchemaError: the text does not match.
        """
        if len(value) > 64 or not cls.pattern.fullmatch(value):  # noqa: PLR2004  # bound before the pattern runs
            reason = f"not a {cls.__name__}"
            raise SchemaError(reason)
        return super().__new__(cls, value)


class RegionCode(_Name):
    """Province, regency, subdistrict or village in the official dotted form: ``33.14.01.2001``."""

    __slots__ = ()
    pattern = re.compile(r"[1-9][0-9](\.(0[1-9]|[1-9][0-9])(\.(0[1-9]|[1-9][0-9])(\.[123][0-9]{3})?)?)?")

    @property
    def dotless(self) -> str:
        """The digits alone, as topics carry them."""
        return self.replace(".", "")

    @property
    def regency(self) -> "RegionCode":
        """The regency that this region lies in."""
        return RegionCode(self[:5])

    @property
    def subdistrict(self) -> "RegionCode":
        """The subdistrict that this region lies in."""
        return RegionCode(self[:8])


class VillageCode(RegionCode):
    """A village (desa or kelurahan): always four groups."""

    __slots__ = ()
    pattern = re.compile(r"[1-9][0-9]\.(0[1-9]|[1-9][0-9])\.(0[1-9]|[1-9][0-9])\.[123][0-9]{3}")

    @classmethod
    def from_dotless(cls, digits: str) -> Self:
        """Build from ten digits.

        Raises:
            SchemaError: not ten digits of a village.
        """
        return cls(f"{digits[:2]}.{digits[2:4]}.{digits[4:6]}.{digits[6:]}")


class NodeId(_Name):
    """A village node: dotless village code and a serial, ``3314012001-01``. Also its certificate name and client id."""

    __slots__ = ()
    pattern = re.compile(r"[1-9][0-9](0[1-9]|[1-9][0-9]){2}[123][0-9]{3}-[0-9]{2}")

    @property
    def village(self) -> VillageCode:
        """The village where this node stands."""
        return VillageCode.from_dotless(self[:10])


class HubId(_Name):
    """A regency hub: the dotless regency code, ``3314``."""

    __slots__ = ()
    pattern = re.compile(r"[1-9][0-9](0[1-9]|[1-9][0-9])")


class OfficerId(_Name):
    """A village officer: ``o-`` and 16 letters or digits, made on the node."""

    __slots__ = ()
    pattern = re.compile(r"o-[0-9A-HJKMNP-TV-Z]{16}")


class ServiceCode(_Name):
    """A service of the catalogue: ``IMB``, ``D-SKU``."""

    __slots__ = ()
    pattern = re.compile(r"[A-Z][A-Z0-9]*(-[A-Z0-9]+)*")


class FieldKey(_Name):
    """A field of a form, or a requirement: lower case, digits, underscore."""

    __slots__ = ()
    pattern = re.compile(r"[a-z][a-z0-9_]{0,39}")


class RegistrationNo(_Name):
    """The number printed on the slip: regency, year, leased number, two check digits: ``3314-26-0001234-88``."""

    __slots__ = ()
    pattern = re.compile(r"[1-9][0-9](0[1-9]|[1-9][0-9])-[0-9]{2}-[0-9]{7}-[0-9]{2}")

    def __new__(cls, value: str) -> Self:
        """Validate, with the check digits, of which only one pair is right: 00, 01 and 99 are never made.

        Raises:
            SchemaError: wrong form or wrong check digits.
        """
        made = super().__new__(cls, value)
        if made[-2:] != _check_digits(made[:-3].replace("-", "")):
            reason = "registration number: check digits"
            raise SchemaError(reason)
        return made

    @classmethod
    def build(cls, hub: HubId, year: int, number: int) -> Self:
        """Make the number ``number`` (1 to 9,999,999) of a year.

        Raises:
            SchemaError: more than seven digits, or negative.
        """
        if not 0 <= number < 10**7:
            reason = "registration number: range"
            raise SchemaError(reason)
        check = _check_digits(f"{hub}{year % 100:02d}{number:07d}")
        return cls(f"{hub}-{year % 100:02d}-{number:07d}-{check}")

    @property
    def number(self) -> int:
        """The leased number alone."""
        return int(self[8:15])


def _check_digits(stem: str) -> str:
    """Return the check digits 02 to 98 of ISO/IEC 7064 MOD 97-10."""
    return f"{98 - int(stem) * 100 % 97:02d}"


def crockford(data: bytes) -> str:
    """Return the bytes (a multiple of 5) in Crockford's base 32, without separators."""
    number = int.from_bytes(data, "big")
    count = len(data) * 8 // 5
    return "".join(CROCKFORD[number >> 5 * (count - 1 - place) & 31] for place in range(count))


def grouped(code: str) -> str:
    """Return a code in groups of four, as it is printed and read aloud."""
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def normalise_code(typed: str) -> str:
    """Return what a person typed in the one form of a code: no separators, look-alike letters mapped."""
    kept = "".join(letter for letter in typed.upper() if letter not in " -.")
    return kept.translate(str.maketrans("OIL", "011"))


def tracking_commitment(code: str) -> bytes:
    """Return what the manifest carries instead of the resident's tracking code (32 bytes)."""
    return hashlib.sha256(b"simpul/v1/tracking\0" + normalise_code(code).encode()).digest()


def key_id(public_key: bytes) -> bytes:
    """Return the 16 bytes that name a public key: the head of its SHA-256."""
    return hashlib.sha256(public_key).digest()[:16]
