"""The transcripts that workshops are compared with: one file, or a folder with one for each."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from meshpeek.errors import InputError
from meshpeek.run.events import Event, RunStarted
from meshpeek.run.settings import RunSettings
from meshpeek.sinks.reports.registry import refusing_unwritable
from meshpeek.workshop.loading import read_text
from meshpeek.workshop.parse.sizes import parse_size

if TYPE_CHECKING:
    from meshpeek.sinks.transcripts.transcript import Transcript
    from meshpeek.sinks.transcripts.transcript_sink import TranscriptSink

TRANSCRIPT_SUFFIX = ".transcript.yaml"


class _Golden(NamedTuple):
    """A workshop's transcript: to compare with, or to update."""

    transcript: Transcript | None
    sink: TranscriptSink | None

    @property
    def recorded(self) -> Transcript | None:
        """What the file held."""
        return self.transcript or (self.sink.old if self.sink else None)


class GoldenTranscripts:
    """The transcripts of workshops, by their paths; a sink that updates those that are to be."""

    def __init__(self, by_path: Mapping[str, _Golden]) -> None:
        self._by_path = by_path
        self._current: TranscriptSink | None = None

    def of(self, path: str) -> Transcript | None:
        """Return what the workshop at `path` is compared with, None if with nothing."""
        return self._by_path[path].transcript if path in self._by_path else None

    def settings(self, path: str, settings: RunSettings) -> RunSettings:
        """Return `settings` for the workshop at `path`: with the size that was recorded."""
        golden = self._by_path.get(path)
        recorded = golden.recorded if golden else None
        if recorded is None:
            return settings
        size = parse_size(recorded.size) if recorded.size else None
        return settings.replace(size=settings.size or size, asks_versions=True)

    def take(self, event: Event) -> None:
        """Hand an event to the transcript of the workshop that it is about."""
        if isinstance(event, RunStarted):
            golden = self._by_path.get(event.workshop.path)
            self._current = golden.sink if golden else None
        if self._current:
            self._current.take(event)

    def close(self) -> None:
        """Write the transcripts that are updated. Raises OSError."""
        for golden in self._by_path.values():
            if golden.sink:
                golden.sink.close()

    def lines(self) -> list[str]:
        """Return what became of the transcripts that are updated, a line for each."""
        return [golden.sink.describe() for golden in self._by_path.values() if golden.sink]


def open_golden(
    against: Path | None, paths: Sequence[Path], *, update: bool
) -> GoldenTranscripts | None:
    """Open the transcripts that `against` names, a file or a folder; None if it is None.

    In a folder, that of `a/b.md` is `a/b.transcript.yaml`. With `update` it may be missing. Raises
    InputError if one is missing or wrong.
    """
    if against is None:
        if update:
            raise click.UsageError("--update needs --against, which names the transcript")
        return None
    is_folder = against.is_dir() or (not against.exists() and bool(paths[1:]))
    if not is_folder and paths[1:]:
        raise click.UsageError(
            "a transcript belongs to one workshop: name one file, or a folder for transcripts"
        )
    return GoldenTranscripts(
        {
            str(path): _open(_file_in(against, path) if is_folder else against, path, update=update)
            for path in paths
        }
    )


def _file_in(folder: Path, workshop: Path) -> Path:
    place = Path(os.path.relpath(workshop))
    if place.is_absolute() or ".." in place.parts:
        place = Path(place.name)
    return folder / place.with_suffix(TRANSCRIPT_SUFFIX)


def _open(file: Path, workshop: Path, *, update: bool) -> _Golden:
    from meshpeek.sinks.transcripts.transcript import read_transcript
    from meshpeek.sinks.transcripts.transcript_sink import TranscriptSink

    if not file.exists():
        if not update:
            raise InputError(
                f"{workshop} has no transcript: {file} does not exist",
                hint="--update writes it",
            )
        with refusing_unwritable(file):
            file.parent.mkdir(parents=True, exist_ok=True)
            return _Golden(None, TranscriptSink(file))
    text = read_text(str(file))
    transcript = read_transcript(text, str(file))
    if not update:
        return _Golden(transcript, None)
    with refusing_unwritable(file):
        return _Golden(None, TranscriptSink(file, text, transcript))
