"""The string formats that CRD schemas can ask for, as kube-openapi's strfmt checks them."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date
from urllib.parse import urlsplit

_GO_DURATION = re.compile(r"[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)", re.ASCII)
_LOOSE_DURATION = re.compile(r"(\d+)\s*([A-Za-zµ]+)")
_DURATION_UNITS = {"ns", "nano", "us", "µs", "micro", "ms", "milli", "s", "sec", "m", "min"} | {
    "h",
    "hr",
    "hour",
    "d",
    "day",
    "w",
    "wk",
    "week",
}
_DURATION_PREFIXES = ("nano", "micro", "milli", "sec", "min", "hour", "day", "week")
_DATE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt]([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d+)?"
    r"([Zz]|[+-]([01]\d|2[0-3]):[0-5]\d)"
)
_EMAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_HOSTNAME_LABEL = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MAC = re.compile(r"[0-9A-Fa-f]{2}([:-][0-9A-Fa-f]{2}){5}|([0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}")
_UUID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}", re.I)


def is_duration(value: str) -> bool:
    """Return whether strfmt reads `value` as a duration: `1h30m`, `0`, also `300 millis`, `1d`."""
    if _GO_DURATION.fullmatch(value):
        return True
    return any(
        unit.lower() in _DURATION_UNITS or unit.lower().startswith(_DURATION_PREFIXES)
        for _, unit in _LOOSE_DURATION.findall(value)
    )


def _is_date(value: str) -> bool:
    try:
        date.fromisoformat(value)
    except ValueError:
        return False
    return len(value) == len("2006-01-02")


def _is_date_time(value: str) -> bool:
    found = _DATE_TIME.fullmatch(value)
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


def _is_uri(value: str) -> bool:
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return bool(parts.scheme or value.startswith("/"))


def _is_hostname(value: str) -> bool:
    labels = value.rstrip(".").split(".")
    return len(value) <= 255 and all(map(_HOSTNAME_LABEL.fullmatch, labels))


def _is_cidr(value: str) -> bool:
    return "/" in value and _reads(lambda text: ipaddress.ip_network(text, strict=False))(value)


FORMATS: dict[str, Callable[[str], bool]] = {
    "byte": _is_base64,
    "cidr": _is_cidr,
    "date": _is_date,
    "date-time": _is_date_time,
    "datetime": _is_date_time,
    "duration": is_duration,
    "email": lambda value: bool(_EMAIL.fullmatch(value)),
    "hostname": _is_hostname,
    "ipv4": _reads(ipaddress.IPv4Address),
    "ipv6": _reads(ipaddress.IPv6Address),
    "mac": lambda value: bool(_MAC.fullmatch(value)),
    "uri": _is_uri,
    "uuid": lambda value: bool(_UUID.fullmatch(value)),
}
