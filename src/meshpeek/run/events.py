"""What happens in a run, as data: all that sinks learn of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
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
    """The judgement of one attempt: its kind, why it did not pass, and what to do next."""

    kind: VerdictKind
    reasons: tuple[str, ...] = ()
    hint: str | None = None

    def __bool__(self) -> bool:
        """Be true when the command passed."""
        return self.kind is VerdictKind.PASSED


class DifferenceRow(Value):
    """A line of a transcript beside one of a run, normalised; None if one side has no line."""

    recorded: str | None
    seen: str | None
    same: bool


class Difference(Value):
    """How a command differs from a transcript; `rows` are all lines of both, side by side."""

    message: str
    rows: tuple[DifferenceRow, ...] = ()
    hint: str | None = None


class CommandResult(Value):
    """What came of one attempt at a command.

    `duration` is in seconds. `output` is the text it wrote, escape sequences included;
    `omitted` counts the bytes of it that were not kept. `final` is False for an attempt that is
    repeated because of an `until` annotation, for `time_left` more seconds. `difference` is from
    the transcript that the run is compared with, if any. `edited` is what ran if the presenter
    changed the command. `ends_run`: whatever anybody decides, no other step runs.
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
    ends_run: bool = False


class Reason(StrEnum):
    """Why a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped at a failed step"
    QUIT = "quit"
    INTERRUPTED = "interrupted"
    OUT_OF_TIME = "out of time"
    NOTHING_RAN = "no command ran"
    LOST = "its process ended"


class Event(Value):
    """Something that happens in a run."""


class EarlierFailure(Value):
    """A step that failed in an attempt at the workshop before this one."""

    attempt: int
    step: Command
    result: CommandResult


class RunStarted(Event):
    """The first event of a run; `rehearsal`: its clusters are embedded ones.

    `start` is the index of the first step. `resumed` is what happened to commands in the run that
    this one resumes. `has_recording`: recorded output of commands can be shown if they fail.
    `sealed`: the rehearsal has a network of its own.
    `size` is that of the session's terminal, columns and rows. `versions` are those of the tools
    by their names, where somebody wants to know.
    `earlier` are the failures in attempts at the workshop before this one.
    """

    workshop: Workshop
    mode: Mode
    rehearsal: bool
    start: int = 0
    resumed: tuple[CommandEnded | StepSkipped, ...] = ()
    has_recording: bool = False
    sealed: bool = False
    size: tuple[int, int] | None = None
    versions: Mapping[str, str] = MappingProxyType({})
    earlier: tuple[EarlierFailure, ...] = ()


class PageOpened(Event):
    """A page that a rehearsal serves is available: what it shows, and its URL."""

    title: str
    url: str


class SetupStarted(Event):
    """The hidden steps before the first one run; of those nothing is seen, unless one fails."""


class SetupEnded(Event):
    """The first step is next."""


class Notice(Event):
    """A message for the person at the screen, about the run rather than a step."""

    text: str


class RunRefused(Event):
    """The only event of a workshop that could not be run; `message` says why."""

    path: str
    message: str


class WorkshopSkipped(Event):
    """The only event of a workshop that was left out; `reason` says why."""

    path: str
    reason: str


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
    """The run waits for the presenter, at `step`; after the last one that is None."""

    step: Step | None


class WaitEnded(Event):
    """The run no longer waits for the presenter."""

    step: Step | None


class Hinted(Event):
    """A word for the presenter, beside the page, until the wait ends: what was asked cannot be."""

    text: str


class ClockRead(Event):
    """How long the presentation has taken, in seconds, while its clock was `running`.

    The clock has not `started` before the presenter first goes on.
    """

    elapsed: float
    running: bool
    started: bool = True


class ViewChanged(Event):
    """The presenter shows or hides the narration and the status line."""

    narration: bool
    status: bool


class HelpShown(Event):
    """The presenter's keys are shown over the page, until `OverlayClosed`."""

    bindings: tuple[Binding, ...]


class Blanked(Event):
    """Nothing is shown, until `OverlayClosed`."""


class Scrolled(Event):
    """What is shown (the page, or what is over it) moves by so many lines; down is positive."""

    lines: int


class AddressShown(Event):
    """The addresses of the page for the room are shown over the page, until `OverlayClosed`."""

    addresses: tuple[str, ...]


class OutlineShown(Event):
    """The places to jump to are shown over the page, until `OverlayClosed`."""

    outline: Outline


class OverlayClosed(Event):
    """What was shown over the page is gone."""


class Redrawn(Event):
    """The page must be drawn again: the window's size changed, or something wrote on it."""


class Suspended(Event):
    """The program is about to be stopped; the terminal is the shell's until `Redrawn`."""


class Moved(Event):
    """The presenter has moved to another place; `step` is the next one, None at the end."""

    step: Step | None


class ShellLent(Event):
    """The presenter takes over the session's shell; what that writes follows as output."""


class ShellReturned(Event):
    """The presenter has given the session's shell back."""


class EditStarted(Event):
    """The presenter starts to change a command; what the editor writes follows as output."""

    step: Command


class EditEnded(Event):
    """The presenter changed the command to `text`, or left it as it was (None)."""

    step: Command
    text: str | None


class RecordedShown(Event):
    """A command's recorded output is shown in place of its own.

    `source` is the path of the transcript.
    """

    step: Command
    data: bytes
    source: str


class CommandStarted(Event):
    """An attempt at a command begins; the first is 1.

    `edited` is what runs if the presenter changed the command.
    """

    step: Command
    attempt: int
    edited: str | None = None


class OutputReceived(Event):
    """Bytes for the screen; `step` is None for what background jobs write between commands."""

    step: Command | None
    data: bytes


class InputAwaited(Event):
    """A command under way seems to wait for the presenter: a prompt, a pager, an editor."""

    step: Command


class CommandEnded(Event):
    """An attempt at a command has ended."""

    step: Command
    result: CommandResult


class StepSkipped(Event):
    """A command does not run, for this reason."""

    step: Command
    reason: str


class JobsLeft(Event):
    """What still runs in the background at the end, as `jobs -l` lists it; it is ended next."""

    listing: str


class RunStopping(Event):
    """No further step is next: the rest is skipped, or cleans up."""

    reason: Reason


class RunEnded(Event):
    """The last event. `duration` is in seconds.

    `problem` is why the run did not pass, if that is in no step's result: a test in which no
    command ran, or a process that ended between two steps.
    """

    reason: Reason
    duration: float
    problem: str | None = None
