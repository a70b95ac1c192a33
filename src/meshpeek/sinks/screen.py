"""The screen of a presenter or a reader: the only module that writes to it, through rich."""

from __future__ import annotations

from rich.console import Console
from rich.markdown import Markdown
from rich.panel import Panel
from rich.rule import Rule
from rich.style import Style
from rich.table import Table
from rich.text import Text

from meshpeek.model import Command, Mode, Narration
from meshpeek.reports.fold import Report
from meshpeek.reports.summary import (
    OUTCOMES,
    conclusion,
    describe_failure,
    name_step,
    summary_rows,
)
from meshpeek.run.events import (
    CommandEnded,
    CommandShown,
    CommandStarted,
    Event,
    JobsLeft,
    Notice,
    OutputReceived,
    RunEnded,
    RunStarted,
    ScreenCleared,
    StepSkipped,
    TextShown,
    Typed,
    WaitEnded,
    WaitStarted,
)
from meshpeek.sinks.rehearsal import faces_notice, rehearsal_notice

_CONTINUATION = "> "
_NOTHING_SHOWN = (
    "This workshop has no <!-- @SHOW -->, so its commands run and nothing else is shown."
)


class Screen:
    """Draws a run on `console` as it happens.

    What a command writes goes to the console's file as it is. A step with `until` is drawn
    when it is settled: nobody wants to watch its failed attempts.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._report = Report()
        self._mode = Mode.RUN
        self._colours: dict[str, str] = {}
        self._rehearsal: str | None = None
        self._typing = False
        self._at_line_start = True
        self._held: list[bytes] | None = None

    def take(self, event: Event) -> None:
        """Draw what `event` says."""
        self._report.take(event)
        typed = self._typing
        if not isinstance(event, Typed | WaitStarted | WaitEnded):
            self._finish_typing()
        match event:
            case RunStarted():
                self._open(event)
            case TextShown():
                self._show_text(event)
            case ScreenCleared():
                self._clear()
            case CommandShown(step=step):
                self._print(self._prompt(step), end="")
                self._typing = True
            case Typed(text=text):
                self._print(Text(text.replace("\n", f"\n{_CONTINUATION}"), "bold"), end="")
            case CommandStarted(step=step):
                self._held = [] if step.checks.until else None
            case OutputReceived(data=data):
                self._output(data)
            case CommandEnded():
                self._end_command(event)
            case StepSkipped(step=step, reason=reason):
                if self._mode is not Mode.PRESENT:
                    self._print(Text(f"{name_step(step)} skipped: {reason}", "dim"))
                elif typed:
                    self._print(Text("skipped", "dim"))
            case Notice(text=text):
                self._print(Text(text, "yellow"))
            case JobsLeft(listing=listing):
                self._print(Text(f"ended what still ran in the background:\n{listing}", "dim"))
            case RunEnded():
                self._sum_up()

    def close(self) -> None:
        """Leave the cursor at the start of a line."""
        self._finish_typing()

    def _open(self, event: RunStarted) -> None:
        self._mode = event.mode
        self._colours = {
            context.name: context.colour for context in event.workshop.front_matter.contexts
        }
        self._rehearsal = rehearsal_notice(event)
        self._announce_rehearsal(faces_notice(event))
        if not any(step.shown for step in event.workshop.steps):
            self._print(Text(_NOTHING_SHOWN, "yellow"))

    def _announce_rehearsal(self, more: str | None = None) -> None:
        if self._rehearsal:
            notice = Text(self._rehearsal, "bold")
            if more:
                notice.append(f"\n{more}", "not bold")
            self._print(Panel(notice, style="yellow", expand=False))

    def _show_text(self, event: TextShown) -> None:
        if isinstance(event.step, Narration):
            self._print(Markdown(event.text, hyperlinks=True))
            self._print("")
        else:
            self._print(Text(event.text, "italic" if event.text.startswith("#") else ""))

    def _clear(self) -> None:
        if self._mode is Mode.PRESENT:
            self._console.clear()
            if self._rehearsal:
                self._print(Text(self._rehearsal, "yellow"))
        else:
            self._print(Rule(style="dim"))
            self._print("")

    def _prompt(self, step: Command) -> Text:
        """Return the badge of a command's contexts and the prompt it is typed at."""
        prompt = Text()
        if self._rehearsal:
            prompt.append("rehearsal ", "yellow")
        for context in step.contexts:
            colour = self._colours.get(context)
            style = Style(color="black", bgcolor=colour, bold=True) if colour else Style(bold=True)
            prompt.append(f" {context} ", style)
            prompt.append(" ")
        return prompt.append("$ ", "green")

    def _finish_typing(self) -> None:
        if self._typing:
            self._typing = False
            self._print("")

    def _output(self, data: bytes) -> None:
        if self._held is not None:
            self._held.append(data)
            return
        stream = self._console.file
        stream.flush()
        buffer = getattr(stream, "buffer", None)
        if buffer is None:
            stream.write(data.decode(errors="replace"))
        else:
            buffer.write(data)
            buffer.flush()
        self._at_line_start = data.endswith(b"\n")

    def _end_command(self, event: CommandEnded) -> None:
        held, self._held = self._held, None
        if not event.result.final:
            return
        if held:
            self._output(b"".join(held))
        if not self._at_line_start:
            self._print("")
        verdict = event.result.verdict
        if event.result.shell_ended:
            self._print(Text("the shell ended; a fresh one goes on in its state", "dim"))
        if not verdict and self._mode is not Mode.PRESENT:
            reasons = "; ".join(verdict.reasons)
            told = f"{verdict.kind.value}: {name_step(event.step)}: {reasons}"
            self._print(Text(told, "bold red"))
        if verdict.hint:
            self._print(Text(f"hint: {verdict.hint}", "yellow"))
        if event.step.shown:
            self._print("")

    def _sum_up(self) -> None:
        self._announce_rehearsal()
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("section")
        for column, style in zip((*OUTCOMES, "time"), ("green", "red", "yellow", ""), strict=True):
            table.add_column(column, justify="right", style=style)
        *rows, total = summary_rows(self._report)
        for row in rows:
            table.add_row(*map(Text, row))
        table.add_section()
        table.add_row(*map(Text, total), style="bold")
        self._print(table)
        for failure in self._report.failed:
            self._print("")
            for line in describe_failure(failure):
                self._print(Text(line, "red"))
        self._print(Text(f"\n{conclusion(self._report)}", "bold"))

    def _print(self, what: object, end: str = "\n") -> None:
        self._console.print(what, end=end, soft_wrap=isinstance(what, Text), highlight=False)
        self._at_line_start = end == "\n"
