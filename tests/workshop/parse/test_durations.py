"""Durations as people write them."""

from __future__ import annotations

import pytest

from meshpeek.workshop.parse.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("500ms", 0.5), ("5m", 300), ("1h", 3600), ("1m30s", 90), ("1.5m", 90)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "30", "s", "30 s", "-1s", "0s", "1d", "٣s", "1s!", "9" * 99 + "s"]
)
def test_no_durations(text: str) -> None:
    assert parse_duration(text) is None
