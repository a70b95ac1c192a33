"""What happens in a run, as data: all that a sink ever learns of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from meshpeek.model import Command, Comment, Mode, Narration, Print, Step, Workshop


class VerdictKind(StrEnum):
    """What a command's result means; the words are those of the `--events` format."""

    PASSED = "passed"
    FAILED = "failed"
    TIMED_OUT = "timed out"
    NOT_RUN = "could not run"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement of one attempt: its kind, every reason against it, and what to do next."""

    kind: VerdictKind
    reasons: tuple[str, ...] = ()
    hint: str | None = None

    def __bool__(self) -> bool:
        """Be true when the command passed."""
        return self.kind is VerdictKind.PASSED


@dataclass(frozen=True, slots=True)
class Result:
    """All there is to say about one attempt at a command.

    `duration` is in seconds. `output` is the text it wrote, escape sequences included;
    `omitted` counts bytes of it that were too many to keep. `final` is False for an attempt
    that an `until` annotation lets be repeated.
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


class Reason(StrEnum):
    """Why a run ended."""

    FINISHED = "finished"
    STOPPED = "stopped at a failed step"
    QUIT = "quit"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The first event. `rehearsal` says that the clusters are embedded ones."""

    workshop: Workshop
    mode: Mode
    rehearsal: bool


@dataclass(frozen=True, slots=True)
class TextShown:
    """Narration, a comment or printed text; `text` has its variables filled in."""

    step: Narration | Comment | Print
    text: str


@dataclass(frozen=True, slots=True)
class ScreenCleared:
    """The workshop asks for an empty screen."""

    step: Step


@dataclass(frozen=True, slots=True)
class CommandShown:
    """A command is about to be displayed; its text follows as `Typed`."""

    step: Command


@dataclass(frozen=True, slots=True)
class Typed:
    """The next characters of a command that is being displayed."""

    step: Command
    text: str


@dataclass(frozen=True, slots=True)
class WaitStarted:
    """The presenter is waited for, at `step`."""

    step: Step


@dataclass(frozen=True, slots=True)
class WaitEnded:
    """The presenter is waited for no longer."""

    step: Step


@dataclass(frozen=True, slots=True)
class CommandStarted:
    """An attempt at a command begins; the first is 1."""

    step: Command
    attempt: int


@dataclass(frozen=True, slots=True)
class OutputReceived:
    """Bytes for the screen; `step` is None for what background jobs write between commands."""

    step: Command | None
    data: bytes


@dataclass(frozen=True, slots=True)
class CommandEnded:
    """An attempt at a command has ended."""

    step: Command
    result: Result


@dataclass(frozen=True, slots=True)
class StepSkipped:
    """A command that does not run, and why."""

    step: Command
    reason: str


@dataclass(frozen=True, slots=True)
class JobsLeft:
    """What still ran in the background at the end, as `jobs -l` lists it; it is ended now."""

    listing: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The last event. `duration` is in seconds."""

    reason: Reason
    duration: float


Event = (
    RunStarted
    | TextShown
    | ScreenCleared
    | CommandShown
    | Typed
    | WaitStarted
    | WaitEnded
    | CommandStarted
    | OutputReceived
    | CommandEnded
    | StepSkipped
    | JobsLeft
    | RunEnded
)
