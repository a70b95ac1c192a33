"""The string formats that CRD schemas can ask for, as kube-openapi's strfmt checks them.

Patterns are compiled when first used (and kept by `re`): few are, and the clusters start sooner.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

from meshpeek.rehearsal.types.scalars import go_durations

_LOOSE_DURATION = r"(\d+)\s*([A-Za-zµ]+)"
_DURATION_UNIT = (
    r"(?i)ns|nano.*|us|µs|micro.*|ms|milli.*|s|sec.*|m|min.*|h|hr|hour.*|d|day.*|w|wk|week.*"
)
_DATE_TIME = (
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)"
)
_EMAIL = r"[^@\s<>]+@[^@\s<>]+"
_HOSTNAME_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_MAC = r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}|([0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}"
_UUID = r"(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}"


def is_duration(value: str) -> bool:
    """Return whether strfmt reads `value` as a duration: `1h30m`, `0`, also `300 millis`, `1d`."""
    if _reads(go_durations.parse)(value):
        return True
    units = [unit for _, unit in re.findall(_LOOSE_DURATION, value)]
    return any(re.fullmatch(_DURATION_UNIT, unit) for unit in units)


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == len("2006-01-02")


def _is_date_time(value: str) -> bool:
    found = re.fullmatch(_DATE_TIME, value)
    return found is not None and _is_date(found[1])


def _is_base64(value: str) -> bool:
    try:
        base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _reads(read: Callable[[str], object]) -> Callable[[str], bool]:
    def check(value: str) -> bool:
        try:
            read(value)
        except ValueError:
            return False
        return True

    return check


def _looks_like(pattern: str) -> Callable[[str], bool]:
    return lambda value: re.fullmatch(pattern, value) is not None


def _is_uri(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme or value.startswith("/"))


def _is_hostname(value: str) -> bool:
    labels = value.rstrip(".").split(".")
    return len(value) <= 255 and all(re.fullmatch(_HOSTNAME_LABEL, label) for label in labels)


def _is_cidr(value: str) -> bool:
    return "/" in value and _reads(lambda text: ipaddress.ip_network(text, strict=False))(value)


FORMATS: dict[str, Callable[[str], bool]] = {
    "byte": _is_base64,
    "cidr": _is_cidr,
    "date": _is_date,
    "date-time": _is_date_time,
    "datetime": _is_date_time,
    "duration": is_duration,
    "email": _looks_like(_EMAIL),
    "hostname": _is_hostname,
    "ipv4": _reads(ipaddress.IPv4Address),
    "ipv6": _reads(ipaddress.IPv6Address),
    "mac": _looks_like(_MAC),
    "uri": _is_uri,
    "uuid": _looks_like(_UUID),
}
