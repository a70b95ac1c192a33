"""What a command wrote when its workshop was recorded, to be shown in place of a failure."""

from __future__ import annotations

from collections.abc import Callable

from meshpeek.run.events import RecordedShown
from meshpeek.sinks.transcripts.transcript import Transcript, keys_of
from meshpeek.workshop.model import Command, Workshop


class Fallback:
    """Finds the output of commands of `workshop` in `transcript`.

    `mask` hides secrets, as they are hidden in a transcript.
    """

    def __init__(
        self, workshop: Workshop, transcript: Transcript, mask: Callable[[str], str]
    ) -> None:
        self._keys = keys_of(workshop.steps, mask)
        self._recorded = transcript.by_key()
        self._source = transcript.path

    def find(self, step: Command) -> RecordedShown | None:
        """Return what a command of the workshop wrote, None if the transcript lacks it."""
        key = self._keys.get(id(step))
        recorded = self._recorded.get(key) if key else None
        if recorded is None:
            return None
        text = recorded.screen.replace("\r\n", "\n").replace("\n", "\r\n")
        return RecordedShown(step, text.encode(errors="replace"), self._source)
