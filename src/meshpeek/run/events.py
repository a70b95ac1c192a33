"""What happens in a run, as data: all that a sink ever learns of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from meshpeek.workshop.model import Command, Comment, Mode, Narration, Print, Step, Workshop
from meshpeek.workshop.values import Value

if TYPE_CHECKING:  # a run without a presenter needs neither
    from meshpeek.run.presenting.bindings import Binding
    from meshpeek.run.presenting.outline import Outline


class VerdictKind(StrEnum):
    """What a command's result means; the words are those of the `--events` format."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    NOT_RUN = "could not run"
    INTERRUPTED = "interrupted"


class Verdict(Value):
    """The judgement of one attempt: its kind, every reason against it, and what to do next."""

    kind: VerdictKind
    reasons: tuple[str, ...] = ()
    hint: str | None = None

    def __bool__(self) -> bool:
        """Be true when the command passed."""
        return self.kind is VerdictKind.PASSED


class DifferenceRow(Value):
    """A line of a transcript beside one of a run, normalised; None where there is no such line."""

    recorded: str | None
    seen: str | None
    same: bool


class Difference(Value):
    """How a command differs from a transcript; `rows` are all lines of both, side by side."""

    message: str
    rows: tuple[DifferenceRow, ...] = ()
    hint: str | None = None


class Result(Value):
    """All there is to say about one attempt at a command.

    `duration` is in seconds. `output` is the text it wrote, escape sequences included;
    `omitted` counts bytes of it that were too many to keep. `final` is False for an attempt
    that an `until` annotation lets be repeated, for `time_left` more seconds.
    `difference` is from the transcript that the run is compared with, where there is one.
    `edited` is what ran, where the presenter has changed the command.
    """

    attempt: int
    status: int
    pipestatus: tuple[int, ...]
    duration: float
    output: str
    omitted: int
    verdict: Verdict
    shell_ended: bool = False
    final: bool = True
    time_left: float = 0.0
    difference: Difference | None = None
    edited: str | None = None


class Reason(StrEnum):
    """Why a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped at a failed step"
    QUIT = "quit"
    INTERRUPTED = "interrupted"


class Event(Value):
    """Something that happens in a run."""


class RunStarted(Event):
    """The first event of a run. `rehearsal` says that the clusters are embedded ones.

    `start` is the index of the step that comes first. `earlier` is what happened to commands
    before a run that goes on where another stopped. `has_recording`: what commands wrote once can
    be shown if they fail.
    """

    workshop: Workshop
    mode: Mode
    rehearsal: bool
    start: int = 0
    earlier: tuple[CommandEnded | StepSkipped, ...] = ()
    has_recording: bool = False


class PageOpened(Event):
    """A page that a rehearsal serves can be looked at: what it shows, and its URL."""

    title: str
    url: str


class Notice(Event):
    """Words for whoever sits at the screen, about the run and not about a step."""

    text: str


class RunRefused(Event):
    """The only event of a workshop that could not be run: `message` tells a person why."""

    path: str
    message: str


class TextShown(Event):
    """Narration, a comment or printed text; `text` has its variables filled in."""

    step: Narration | Comment | Print
    text: str


class ScreenCleared(Event):
    """The workshop asks for an empty screen."""

    step: Step


class CommandShown(Event):
    """A command is about to be displayed; its text follows as `Typed`."""

    step: Command


class Typed(Event):
    """The next characters of a command that is being displayed."""

    step: Command
    text: str


class WaitStarted(Event):
    """The presenter is waited for, at `step`."""

    step: Step


class WaitEnded(Event):
    """The presenter is waited for no longer."""

    step: Step


class ClockRead(Event):
    """How long the show has taken, in seconds, without the time its clock was stopped."""

    elapsed: float
    running: bool


class ViewChanged(Event):
    """The presenter wants to see, or not to see, the narration and the status line."""

    narration: bool
    status: bool


class HelpShown(Event):
    """The presenter's keys are to be seen, in front of everything, until `OverlayClosed`."""

    bindings: tuple[Binding, ...]


class OutlineShown(Event):
    """The places to jump to are to be seen, in front of everything, until `OverlayClosed`."""

    outline: Outline


class OverlayClosed(Event):
    """What was in front of everything is gone."""


class Redrawn(Event):
    """The page is to be drawn again: the window has another size, or somebody wrote on it."""


class Suspended(Event):
    """The program is about to be stopped; the terminal is the shell's until `Redrawn`."""


class Moved(Event):
    """The presenter has gone to another place; `step` is the next one, None at the end."""

    step: Step | None


class ShellLent(Event):
    """The presenter takes over the session's shell; what it writes follows as output."""


class ShellReturned(Event):
    """The presenter has given the session's shell back."""


class EditStarted(Event):
    """The presenter changes a command before it runs; what is seen of it follows as output."""

    step: Command


class EditEnded(Event):
    """The command has been changed to `text`, or is left as it was (None)."""

    step: Command
    text: str | None


class RecordedShown(Event):
    """What a command wrote when it was recorded is shown in place of what it writes now.

    `source` is the path of the recording.
    """

    step: Command
    data: bytes
    source: str


class CommandStarted(Event):
    """An attempt at a command begins; the first is 1.

    `edited` is what runs, where the presenter has changed the command.
    """

    step: Command
    attempt: int
    edited: str | None = None


class OutputReceived(Event):
    """Bytes for the screen; `step` is None for what background jobs write between commands."""

    step: Command | None
    data: bytes


class CommandEnded(Event):
    """An attempt at a command has ended."""

    step: Command
    result: Result


class StepSkipped(Event):
    """A command that does not run, and why."""

    step: Command
    reason: str


class JobsLeft(Event):
    """What still ran in the background at the end, as `jobs -l` lists it; it is ended now."""

    listing: str


class RunStopping(Event):
    """No further step comes up: what is left is skipped, or cleans up."""

    reason: Reason


class RunEnded(Event):
    """The last event. `duration` is in seconds."""

    reason: Reason
    duration: float
