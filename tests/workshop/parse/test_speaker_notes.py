"""What HTML comments say is for the presenter; what they make happen is not said."""

from __future__ import annotations

import pytest

from meshpeek.workshop.parse import parse


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<!-- Breathe. -->", [(1, "Breathe.")]),
        ("Words <!-- pause here --> and words", [(1, "pause here")]),
        ("<!--\nTwo\n  lines\n-->\n", [(1, "Two\nlines")]),
        ("- item\n\n  <!-- in a list -->", [(3, "in a list")]),
        ("<!-- one --> <!-- two -->", [(1, "one"), (1, "two")]),
        ("<!-- @wait -->\n<!-- meshpeek: note x -->\n```bash\ntrue\n```", []),
        ("<!-- @# meshpeek: note x -->\n```bash\ntrue\n```", []),
        ("<!-- @# Only I see this. -->", [(1, "Only I see this.")]),
        ("<!-- -->", []),
        ("<!---->", []),
        ("<!-- never ended\n\nwords", []),
        ("<!--\n```bash\ntrue\n```\n-->", []),
        ("<!--\n@wait\n-->", []),
        ("```html\n<!-- shown -->\n```", []),
        ("`<!-- shown -->`", []),
    ],
)
def test_speaker_notes(text: str, said: list[tuple[int, str]]) -> None:
    workshop = parse(text, "w.md", lambda path: path)
    assert [(note.span.line, note.text) for note in workshop.speaker_notes] == said
