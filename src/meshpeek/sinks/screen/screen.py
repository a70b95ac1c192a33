"""The screen of a presenter or a reader: only these modules write to it, through rich."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import terminal_size

from rich.console import Console
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from meshpeek.run.actions import Action
from meshpeek.run.events import (
    AddressShown,
    Blanked,
    ClockRead,
    CommandEnded,
    CommandShown,
    CommandStarted,
    EditEnded,
    EditStarted,
    Event,
    HelpShown,
    Hinted,
    InputAwaited,
    JobsLeft,
    Notice,
    OutlineShown,
    OutputReceived,
    OverlayClosed,
    PageOpened,
    RecordedShown,
    Redrawn,
    RunEnded,
    RunStarted,
    ScreenCleared,
    Scrolled,
    SetupEnded,
    SetupStarted,
    ShellLent,
    ShellReturned,
    StepSkipped,
    Suspended,
    TextShown,
    Typed,
    ViewChanged,
    WaitEnded,
    WaitStarted,
)
from meshpeek.run.presenting.bindings import BINDINGS, Binding, label
from meshpeek.run.verdict import ended_by_presenter
from meshpeek.sinks.rehearsal_banner import rehearsal_banner
from meshpeek.sinks.run_report import RunReport
from meshpeek.sinks.screen.badges import PROMPT, draw_badges
from meshpeek.sinks.screen.display import Display
from meshpeek.sinks.screen.overlay_contents import (
    MORE_HELP,
    draw_addresses,
    draw_help,
    draw_outline,
)
from meshpeek.sinks.screen.rich_markdown import draw_markdown
from meshpeek.sinks.screen.status_line import StatusText
from meshpeek.sinks.screen.summary_table import draw_summary
from meshpeek.sinks.screen.theme import code_theme, screen_theme
from meshpeek.sinks.summary import format_duration, name_step
from meshpeek.terminal.background import Background
from meshpeek.terminal.escape_sequences import takes_screen
from meshpeek.workshop.model import Command, Mode, Narration, Step

_CONTINUATION = "> "
_NOTHING_SHOWN = (
    "This workshop has no <!-- @SHOW -->, so its commands run and nothing else is shown."
)


def _continued(text: str) -> str:
    return text.replace("\n", f"\n{_CONTINUATION}")


class Screen:
    """Draws a run on `console` as it happens.

    What a command writes goes to the console's file as it is, and nothing is drawn before it has
    ended. A step with `until` is drawn after its last attempt, but for one that waits for the
    presenter or takes the whole screen; a status line says for how long there may be more
    attempts. `size` returns the terminal's size, if it may change. `bindings` are the keys that a
    presenter is offered. Colours are for the terminal's `background`. `sums_up`: the last
    thing is a summary.
    """

    def __init__(
        self,
        console: Console,
        *,
        size: Callable[[], terminal_size] | None = None,
        bindings: Sequence[Binding] = BINDINGS,
        background: Background = Background.UNKNOWN,
        sums_up: bool = True,
    ) -> None:
        self._sums_up = sums_up
        console.push_theme(screen_theme(background))
        self._code_theme = code_theme(background)
        self._display = Display(console, size)
        self._keys = {each.action: label(each.keys[0]) for each in bindings if each.keys}
        self._report = RunReport()
        self._mode = Mode.RUN
        self._colours: dict[str, str] = {}
        self._rehearsal: str | None = None
        self._status_text: StatusText | None = None
        self._indexes: dict[int, int] = {}
        self._shows_status = True
        self._clock: ClockRead | None = None
        self._is_waiting = False
        self._waiting: Step | None = None
        self._hint = ""
        self._is_setting_up = False
        self._held: list[bytes] | None = None
        self._has_recording = False

    def take(self, event: Event) -> None:
        """Draw what `event` says."""
        self._report.take(event)
        self._display.update_size()
        match event:
            case OutputReceived(data=data):
                if self._held is None:
                    self._display.write(data)
                else:
                    self._held.append(data)
                    if self._mode is Mode.PRESENT and takes_screen(data.decode("latin-1")):
                        self._show_held()
            case InputAwaited():
                self._show_held()
            case Typed(text=text):
                self._display.type(_continued(text), "bold")
            case _ if not self._take_of_presenter(event):
                self._take_of_run(event)

    def _take_of_run(self, event: Event) -> None:
        typed = self._display.is_typing
        self._display.finish_line()
        match event:
            case RunStarted():
                self._open(event)
            case TextShown():
                self._show_text(event)
            case ScreenCleared():
                self._clear()
            case CommandShown(step=step):
                self._begin_command(step)
            case SetupStarted():
                self._is_setting_up = True
                self._display.set_status(Text("running the hidden steps before this", "dim"))
            case SetupEnded():
                self._is_setting_up = False
                self._display.set_status(None)
            case CommandStarted(step=step):
                self._held = [] if step.checks.until or self._is_setting_up else None
                if not self._is_setting_up:
                    self._display.set_status(None)
                self._display.lend()
            case CommandEnded():
                self._end_command(event)
            case ShellLent():
                self._display.draw(Text("exit or ^D returns to the show", "dim"))
                self._display.lend()
            case ShellReturned():
                self._display.take_back()
                self._display.draw(Text("back in the show", "dim"))
            case EditStarted():
                self._display.draw(Text("edit the command; RETURN runs it, ^C cancels", "dim"))
                self._display.lend()
            case EditEnded(text=text):
                self._display.take_back(keep=False)
                if text is not None:
                    line = text.replace("\n", f"\n{_CONTINUATION}")
                    self._display.keep(Text.assemble(("$ ", "prompt"), (line, "bold")))
            case RecordedShown():
                self._show_recorded(event)
            case StepSkipped(step=step, reason=reason):
                if self._mode is not Mode.PRESENT:
                    self._display.draw(Text(f"{name_step(step)} skipped: {reason}", "dim"))
                elif typed:
                    self._display.draw(Text("skipped", "dim"))
            case PageOpened(title=title, url=url):
                self._display.draw(Text(f"{title}: {url}", "rehearsal"))
            case Notice(text=text):
                self._display.draw(Text(text, "bold"))
            case JobsLeft(listing=listing):
                self._display.draw(Text(f"ended background jobs:\n{listing}", "dim"))
            case RunEnded():
                self._sum_up()

    def _take_of_presenter(self, event: Event) -> bool:
        """Draw what concerns the presenter alone; return whether `event` is about that."""
        match event:
            case WaitStarted(step=step):
                self._is_waiting, self._waiting = True, step
                self._display.bracket_pastes(on=True)
            case WaitEnded():
                self._is_waiting, self._waiting, self._hint = False, None, ""
                self._display.bracket_pastes(on=False)
                self._set_status()
            case Hinted(text=text):
                self._hint = text
                self._set_status()
            case ClockRead():
                self._clock = event
                self._set_status()
            case ViewChanged(narration=narration, status=status):
                self._shows_status = status
                self._set_status()
                self._display.show_narration(shown=narration)
            case HelpShown(bindings=bindings):
                self._display.overlay([draw_help(bindings)], MORE_HELP)
            case Blanked():
                self._display.overlay([])
            case Scrolled(lines=lines):
                self._display.scroll(lines)
            case AddressShown(addresses=addresses):
                self._display.overlay(draw_addresses(addresses))
            case OutlineShown(outline=outline):
                self._display.overlay(
                    draw_outline(outline, self._outcomes(), self._display.console)
                )
            case OverlayClosed():
                self._display.close_overlay()
            case Redrawn():
                self._display.redraw()
            case Suspended():
                self._display.leave()
            case _:
                return False
        return True

    def suspend(self) -> None:
        """Leave the terminal to the shell while the program is stopped; safe at any moment."""
        self._display.suspend()

    def resume(self) -> None:
        """Have the terminal again as it was before `suspend`."""
        self._display.resume()

    def close(self) -> None:
        """Leave the cursor at the start of a line, on the screen it was on."""
        self._display.set_status(None)
        self._display.close_overlay()
        self._display.bracket_pastes(on=False)
        self._display.finish_line()

    def _outcomes(self) -> dict[int, str]:
        return {self._indexes[id(each.step)]: each.outcome for each in self._report.steps}

    def _set_status(self) -> None:
        status = None
        if self._is_waiting and self._hint:
            status = Text(self._hint, "bold")
        elif self._is_waiting and self._shows_status and self._clock and self._status_text:
            help_key = self._keys.get(Action.HELP, "")
            status = self._status_text.describe(self._waiting, self._clock, help_key)
        self._display.set_status(status)

    def _show_recorded(self, event: RecordedShown) -> None:
        """Show recorded output, between two lines that mark it."""
        self._display.draw(Text(f"── recorded earlier, from {event.source} ──", "bold"))
        self._display.lend()
        self._display.write(event.data)
        self._display.take_back()
        self._display.draw(Text("── end of the recording ──", "bold"))
        self._display.draw()

    def _open(self, event: RunStarted) -> None:
        self._mode = event.mode
        self._has_recording = event.has_recording
        self._status_text = StatusText(event.workshop)
        self._indexes = {id(step): index for index, step in enumerate(event.workshop.steps)}
        self._colours = {
            context.name: context.colour for context in event.workshop.front_matter.contexts
        }
        self._rehearsal = rehearsal_banner(event)
        self._announce_rehearsal()
        if not any(step.shown for step in event.workshop.steps):
            self._display.draw(Text(_NOTHING_SHOWN, "bold"))

    def _announce_rehearsal(self) -> None:
        if self._rehearsal:
            notice = Text(self._rehearsal, "bold")
            self._display.draw(Panel(notice, style="rehearsal", expand=False))

    def _show_text(self, event: TextShown) -> None:
        if isinstance(event.step, Narration):
            self._display.draw(draw_markdown(event.text, self._code_theme), narration=True)
            self._display.draw(narration=True)
        else:
            self._display.draw(Text(event.text, "italic" if event.text.startswith("#") else ""))

    def _clear(self) -> None:
        if self._mode is Mode.PRESENT:
            self._display.clear()
            if self._rehearsal:
                self._display.draw(Text(self._rehearsal, "rehearsal"))
                self._display.draw()
        else:
            self._display.draw(Rule(style="dim"))
            self._display.draw()

    def _begin_command(self, step: Command) -> None:
        badges = draw_badges(
            step,
            self._colours,
            rehearsal=bool(self._rehearsal),
            plain=self._display.console.no_color,
        )
        if badges:
            self._display.draw(badges)
        self._display.begin_line(PROMPT, _continued(step.text))

    def _end_command(self, event: CommandEnded) -> None:
        if not event.result.final:
            self._display.take_back()
            left = format_duration(event.result.time_left)
            self._display.set_status(Text(f"not yet; retrying for {left} more", "dim"))
            return
        verdict = event.result.verdict
        if not verdict or not self._is_setting_up:
            self._show_held()
        self._held = None
        self._display.take_back()
        if event.result.shell_ended:
            self._display.draw(Text("the shell ended: a new one continues in its state", "dim"))
        if not verdict:
            self._tell_failure(event)
        if verdict.hint:
            self._display.draw(Text(f"hint: {verdict.hint}", "bold"))
        is_decided = event.result.ends_run or ended_by_presenter(event.result.status)
        if not verdict and event.step.shown and not is_decided:
            self._offer_what_to_do(event.step)
        if event.step.shown:
            self._display.draw_gap()

    def _show_held(self) -> None:
        """Draw what an attempt has written so far, and the rest as it comes."""
        held, self._held = self._held, None
        if held:
            self._display.write(b"".join(held))

    def _tell_failure(self, event: CommandEnded) -> None:
        verdict = event.result.verdict
        reasons = "; ".join(verdict.reasons)
        if self._mode is not Mode.PRESENT:
            told = f"{verdict.kind.value}: {name_step(event.step)}: {reasons}"
            self._display.draw(Text(told, "bad"))
        elif event.step.shown:
            self._display.draw(Text.assemble(("✗ ", "bad"), reasons))

    def _offer_what_to_do(self, failed: Command) -> None:
        offers = (
            (Action.GO, "ends the show (set -e)" if failed.stops_run else "goes on"),
            (Action.REPEAT, "repeats"),
            (Action.EDIT, "edits"),
            (Action.SHELL, "takes over"),
            *((Action.FALLBACK, "shows the recording"),) * self._has_recording,
        )
        if self._mode is not Mode.PRESENT:
            return
        told = " · ".join(f"{self._keys[key]} {word}" for key, word in offers if key in self._keys)
        self._display.draw(Text(told, "dim"))

    def _sum_up(self) -> None:
        if not self._sums_up:
            return
        self._announce_rehearsal()
        for part in draw_summary(self._report):
            self._display.draw(part)
