"""The functions that Kubernetes adds to CEL: of texts, lists, patterns, URLs and quantities.

Facts: Kubernetes 1.27's CEL library, and the quantities of 1.28. A method is a function whose first
argument is the object. A quantity and a URL are maps while an expression is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from meshpeek.rehearsal.types.scalars.patterns import find_all
from meshpeek.rehearsal.types.scalars.quantities import amount_of, canonical

_QUANTITY = "quantity"


def _matches(text: str, pattern: str) -> bool:
    return next(find_all(pattern, text), None) is not None


def _find(text: str, pattern: str) -> str:
    return next(find_all(pattern, text), "")


def _find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    found = list(find_all(pattern, text))
    return found if limit < 0 else found[:limit]


def _index(items: Sequence[Any], item: object, start: int = 0) -> int:
    if isinstance(items, str):
        return items.find(str(item), start)
    return next((index for index, each in enumerate(items) if each == item), -1)


def _last_index(items: Sequence[Any], item: object) -> int:
    if isinstance(items, str):
        return items.rfind(str(item))
    return max((index for index, each in enumerate(items) if each == item), default=-1)


def _split(text: str, separator: str, limit: int = -1) -> list[str]:
    if limit == 0:
        return []
    parts = text.split(separator) if separator else list(text)
    return parts if limit < 0 else text.split(separator, limit - 1)


def _substring(text: str, start: int, end: int | None = None) -> str:
    last = len(text) if end is None else end
    if not 0 <= start <= last <= len(text):
        raise ValueError(f"index out of range: {start}")
    return text[start:last]


def _char_at(text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise ValueError(f"index out of range: {index}")
    return text[index : index + 1]


def _replace(text: str, old: str, new: str, limit: int = -1) -> str:
    return text.replace(old, new, limit)


def _is_sorted(items: Sequence[Any]) -> bool:
    return all(first <= second for first, second in pairwise(items))


def _url(text: str) -> dict[str, str]:
    if not _is_url(text):
        raise ValueError(f"URL parse error during conversion from string: {text}")
    return {"url": text}


def _is_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return False
    return bool(parts.scheme and parts.netloc) or text.startswith("/")


def _part(read: Callable[[Any], Any]) -> Callable[[Mapping[str, str]], Any]:
    return lambda url: read(urlsplit(url["url"]))


def _quantity(text: str) -> dict[str, str]:
    given = canonical(text)
    if given is None or not isinstance(text, str):
        raise ValueError(f"quantities must match a number with a suffix: {text}")
    return {_QUANTITY: given}


def _compare(one: Mapping[str, str], other: Mapping[str, str]) -> int:
    first, second = amount_of(one[_QUANTITY]), amount_of(other[_QUANTITY])
    return (first > second) - (first < second)


def _whole(quantity: Mapping[str, str]) -> int:
    amount = amount_of(quantity[_QUANTITY])
    if amount.denominator != 1:
        raise ValueError("cannot convert value to integer")
    return int(amount)


def _sum_of(one: Mapping[str, str], other: Any, sign: int = 1) -> dict[str, str]:  # noqa: ANN401
    amount = amount_of(one[_QUANTITY])
    amount += sign * (amount_of(other[_QUANTITY]) if isinstance(other, Mapping) else other)
    return _quantity(f"{int(amount * 1000)}m")


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": _sum_of,
    "asApproximateFloat": lambda quantity: float(amount_of(quantity[_QUANTITY])),
    "asInteger": _whole,
    "charAt": _char_at,
    "compareTo": _compare,
    "find": _find,
    "findAll": _find_all,
    "getEscapedPath": _part(lambda parts: quote(parts.path, safe="/%")),
    "getHost": _part(lambda parts: parts.netloc.rpartition("@")[2]),
    "getHostname": _part(lambda parts: parts.hostname or ""),
    "getPort": _part(lambda parts: str(parts.port or "")),
    "getQuery": _part(lambda parts: parse_qs(parts.query)),
    "getScheme": _part(lambda parts: parts.scheme),
    "indexOf": _index,
    "isGreaterThan": lambda one, other: _compare(one, other) > 0,
    "isInteger": lambda quantity: amount_of(quantity[_QUANTITY]).denominator == 1,
    "isLessThan": lambda one, other: _compare(one, other) < 0,
    "isQuantity": lambda text: isinstance(text, str) and canonical(text) is not None,
    "isSorted": _is_sorted,
    "isURL": _is_url,
    "join": lambda items, separator="": separator.join(items),
    "lastIndexOf": _last_index,
    "lowerAscii": lambda text: re.sub("[A-Z]+", lambda found: found[0].lower(), text),
    "matches": _matches,
    "max": lambda *items: max(items[0] if len(items) == 1 else items),
    "min": lambda *items: min(items[0] if len(items) == 1 else items),
    "quantity": _quantity,
    "replace": _replace,
    "sign": lambda quantity: _compare(quantity, {_QUANTITY: "0"}),
    "size_": len,
    "split": _split,
    "sub": lambda one, other: _sum_of(one, other, -1),
    "substring": _substring,
    "sum": sum,
    "trim": lambda text: text.strip(),
    "upperAscii": lambda text: re.sub("[a-z]+", lambda found: found[0].upper(), text),
    "url": _url,
}
"""By name, for all numbers of arguments that Kubernetes has."""
