"""Quantities (`500m`, `1Gi`) in the canonical form in which an API server keeps them.

Rules: apimachinery 1.27's `resource.Quantity`: a mantissa without a fraction, the largest suffix
that allows it, of the family that was given (`Ki`, `k` or `e3`).
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from math import ceil

_PATTERN = re.compile(r"([+-]?)(\d+\.?\d*|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?", re.ASCII)
_DECIMAL_SUFFIXES = dict(
    zip(("n", "u", "m", "", "k", "M", "G", "T", "P", "E"), range(-9, 19, 3), strict=True)
)
_BINARY_SUFFIXES = {
    name: power for power, name in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), 1)
}
_SUFFIX_OF = {power: name for name, power in _DECIMAL_SUFFIXES.items()}
_LARGEST = (1 << 63) - 1
_LARGEST_EXPONENT = 40
_LONGEST = 1000

NANO = -9
MILLI = -3


def canonical(value: object, smallest: int = NANO) -> str | None:
    """Return a quantity, as JSON has it, in canonical form; None for what is no quantity.

    It is rounded away from zero to the decimal exponent `smallest`, and is at most 2**63 - 1.
    """
    text = _text(value)
    parts = text is not None and _PATTERN.fullmatch(text)
    if not text or not parts or len(text) > _LONGEST:
        return None
    amount = _rounded(_amount(parts), smallest)
    sign = "-" if amount < 0 else ""
    size = abs(amount)
    suffix = parts[3] or ""
    if not size:
        return "0"
    if suffix in _BINARY_SUFFIXES and size >= 1024 and size.denominator == 1:
        number, power = size.numerator, 0
        while number % 1024 == 0 and power < len(_BINARY_SUFFIXES):
            number, power = number // 1024, power + 1
        return f"{sign}{number}{['', *_BINARY_SUFFIXES][power]}"
    number, exponent = _mantissa(size)
    if suffix[:1] in ("e", "E") and len(suffix) > 1 and suffix not in _BINARY_SUFFIXES:
        return f"{sign}{number}" + (f"e{exponent}" if exponent else "")
    return f"{sign}{number}{_SUFFIX_OF[exponent]}"


def amount_of(quantity: str) -> Fraction:
    """Return the number that a quantity stands for; raises ValueError for what is none."""
    parts = _PATTERN.fullmatch(quantity)
    if parts is None:
        raise ValueError(f"invalid quantity {quantity!r}")
    return _amount(parts)


def _text(value: object) -> str | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    return str(value).strip() if isinstance(value, int | str) else None


def _amount(parts: re.Match[str]) -> Fraction:
    number, suffix = Fraction(parts[2]), parts[3] or ""
    if suffix in _BINARY_SUFFIXES:
        number *= 1024 ** _BINARY_SUFFIXES[suffix]
    elif suffix in _DECIMAL_SUFFIXES:
        number *= Fraction(10) ** _DECIMAL_SUFFIXES[suffix]
    else:
        # What is beyond that is rounded or capped anyway.
        exponent = max(min(int(suffix[1:]), _LARGEST_EXPONENT), -_LARGEST_EXPONENT)
        number *= Fraction(10) ** exponent
    return -number if parts[1] == "-" else number


def _rounded(amount: Fraction, smallest: int) -> Fraction:
    unit = Fraction(10) ** smallest
    size = min(ceil(abs(amount) / unit) * unit, Fraction(_LARGEST))
    return -size if amount < 0 else size


def _mantissa(size: Fraction) -> tuple[int, int]:
    """Return a whole number, and the largest exponent of 1000 for it."""
    number, exponent = int(size * 10**-NANO), NANO
    while number % 1000 == 0 and exponent < max(_SUFFIX_OF):
        number, exponent = number // 1000, exponent + 3
    return number, exponent
