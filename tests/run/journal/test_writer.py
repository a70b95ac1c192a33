"""What is written to a journal."""

from __future__ import annotations

import io

from meshpeek.run.journal.writer import JournalWriter
from meshpeek.sinks.fanout import Fanout
from meshpeek.workshop.model import Mode
from tests.sinks.story import tell


class Disk(io.BytesIO):
    """Full for the third line."""

    lines = 0

    def write(self, data: object) -> int:
        self.lines += 1
        if self.lines == 3:
            raise OSError("disk full")
        return super().write(data)  # type: ignore[arg-type]


def test_nothing_comes_after_a_line_that_could_not_be_written() -> None:
    disk = Disk()
    writer = JournalWriter(disk, lambda: "first\n", lambda: 0)
    fanout = Fanout([("the journal", writer)])
    for event in tell(Mode.PRESENT):
        fanout.take(event)
    assert disk.getvalue().count(b"\n") == 2
    assert not writer.is_finished
    assert [str(error) for _, error in fanout.broken] == ["disk full"]
