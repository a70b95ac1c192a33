"""Schedules of CronJobs: five fields, or words such as `@daily`.

Grammar and wording of errors: robfig/cron v3, as Kubernetes 1.27 uses it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_WORDS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_YEARS = 5


class ScheduleError(ValueError):
    """A text that is no schedule, in the words of the API server."""


class _Bounds(NamedTuple):
    least: int
    most: int
    names: tuple[str, ...] = ()
    first_name: int = 0


_FIELDS = (
    _Bounds(0, 59),
    _Bounds(0, 23),
    _Bounds(1, 31),
    _Bounds(1, 12, _MONTHS, 1),
    _Bounds(0, 6, _DAYS),
)


class Schedule(NamedTuple):
    """The minutes, hours, days, months and weekdays of a schedule.

    With `either_day` a time needs the day or the weekday only: both were given.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool

    def following(self, moment: datetime) -> datetime | None:
        """Return the first time after `moment`, in its zone; None within five years."""
        at = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = at + timedelta(days=366 * _YEARS)
        while at < end:
            if at.month not in self.months or not self._has_day(at):
                at = at.replace(hour=0, minute=0) + timedelta(days=1)
            elif at.hour not in self.hours:
                at = at.replace(minute=0) + timedelta(hours=1)
            elif at.minute not in self.minutes:
                at += timedelta(minutes=1)
            else:
                return at
        return None

    def _has_day(self, at: datetime) -> bool:
        has_day = at.day in self.days
        has_weekday = (at.weekday() + 1) % 7 in self.weekdays
        return has_day or has_weekday if self.either_day else has_day and has_weekday


def parse_schedule(text: str) -> Schedule:
    """Read a schedule; raises ScheduleError."""
    given = text.strip()
    if not given:
        raise ScheduleError("empty spec string")
    if given.startswith("@"):
        if given not in _WORDS:
            raise ScheduleError(f"unrecognized descriptor: {given}")
        given = _WORDS[given]
    fields = given.split()
    if len(fields) != len(_FIELDS):
        listed = f"[{' '.join(fields)}]"
        raise ScheduleError(f"expected exactly 5 fields, found {len(fields)}: {listed}")
    minutes, hours, days, months, weekdays = (
        frozenset(number for part in field.split(",") for number in _range(part, bounds))
        for field, bounds in zip(fields, _FIELDS, strict=True)
    )
    either = not any(field.startswith(("*", "?")) for field in (fields[2], fields[4]))
    return Schedule(minutes, hours, days, months, weekdays, either)


def _range(text: str, bounds: _Bounds) -> range:
    span, slash, step_text = text.partition("/")
    if "/" in step_text:
        raise ScheduleError(f"too many slashes: {text}")
    low, dash, high = span.partition("-")
    if low in ("*", "?"):
        first, last = bounds.least, bounds.most
    else:
        first = _number(low, bounds)
        if "-" in high:
            raise ScheduleError(f"too many hyphens: {text}")
        last = _number(high, bounds) if dash else first
        if slash and not dash:
            last = bounds.most
    step = _integer(step_text) if slash else 1
    if first < bounds.least:
        raise ScheduleError(f"beginning of range ({first}) below minimum ({bounds.least}): {text}")
    if last > bounds.most:
        raise ScheduleError(f"end of range ({last}) above maximum ({bounds.most}): {text}")
    if first > last:
        raise ScheduleError(f"beginning of range ({first}) beyond end of range ({last}): {text}")
    if step == 0:
        raise ScheduleError(f"step of range should be a positive number: {text}")
    return range(first, last + 1, step)


def _number(text: str, bounds: _Bounds) -> int:
    if text.lower() in bounds.names:
        return bounds.names.index(text.lower()) + bounds.first_name
    return _integer(text)


def _integer(text: str) -> int:
    if not text.isascii() or not text.lstrip("+-").isdigit():
        problem = f'strconv.Atoi: parsing "{text}": invalid syntax'
        raise ScheduleError(f"failed to parse int from {text}: {problem}")
    number = int(text)
    if number < 0:
        raise ScheduleError(f"negative number ({number}) not allowed: {text}")
    return number
