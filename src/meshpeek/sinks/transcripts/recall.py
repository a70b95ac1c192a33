"""Finding what a command of a workshop wrote when the workshop was recorded."""

from __future__ import annotations

from collections.abc import Callable

from meshpeek.run.events import RecordedShown
from meshpeek.sinks.transcripts.recording import Recording, keys_of
from meshpeek.workshop.model import Command, Workshop


class Recollection:
    """Knows what `recording` has of the commands of `workshop`.

    `mask` hides secrets, as they are hidden in a transcript.
    """

    def __init__(
        self, workshop: Workshop, recording: Recording, mask: Callable[[str], str]
    ) -> None:
        self._keys = keys_of(workshop.steps, mask)
        self._recorded = recording.by_key()
        self._source = recording.path

    def recall(self, step: Command) -> RecordedShown | None:
        """Return what a command of the workshop wrote, None if that was not recorded."""
        key = self._keys.get(id(step))
        recorded = self._recorded.get(key) if key else None
        if recorded is None:
            return None
        text = recorded.screen.replace("\r\n", "\n").replace("\n", "\r\n")
        return RecordedShown(step, text.encode(errors="replace"), self._source)
