"""What is done at a step in place of a person: prompts are answered, endless commands are ended.

And what is said of a command that failed because no person was there.
"""

from __future__ import annotations

import re

from meshpeek.run.events import Verdict, VerdictKind
from meshpeek.run.settings import RunSettings
from meshpeek.session.session import Session
from meshpeek.session.shell.command_stream import CommandExit, CommandStream, OutputChunk
from meshpeek.session.shell.deadline import Deadline
from meshpeek.terminal.escape_sequences import strip_escapes
from meshpeek.workshop.bash import unquote
from meshpeek.workshop.model import Command, Mode, PromptAnswer

_VARIABLE = re.compile(r"\$\{(\w+)\}|\$([A-Za-z_]\w*)", re.ASCII)
_LONGEST_PROMPT = 64 * 1024
_ENTER = "\r"
# `read` of the terminal: with what it reads redirected, it asks nobody.
_READ = re.compile(
    r"(?:^|[\n;&({]|\b(?:if|then|while|until|do|else)\b)\s*(?:IFS=\S*\s+)?read\b([^\n;&|<]*)"
)
_QUESTION = re.compile(r"\s-[a-zA-Z]*p\s*('[^']*'|\"[^\"]*\"|\S+)")
_READ_FAILED = 1
_ANSWER_HINT = (
    "type the answer with <!-- @# meshpeek: answer /PROMPT/ TEXT --> before the command, "
    "or have it not ask"
)
_SCREEN_HINT = "use a command that needs no keys, or leave the step out with `only present`"


class Attendant:
    """Runs `step` in `session`, and does what its annotations say a person would do.

    A presenter does that, so nothing is done while presenting. `missing` says which variable an
    answer needs that is not set, if any: then the step cannot run. `time_left` is how many seconds
    it may take at most.
    """

    def __init__(
        self,
        session: Session,
        settings: RunSettings,
        step: Command,
        time_left: float | None = None,
    ) -> None:
        self._shell = session.shell
        self._settings = settings
        self._step = step
        limits = (settings.timeout_for(step), time_left)
        self._seconds = min((each for each in limits if each is not None), default=None)
        self._environment = session.environment
        is_unattended = settings.is_unattended
        self._errors = session.folder / "stderr" if is_unattended else None
        if not step.checks.expect_error:
            self._errors = None
        self._answers = list(step.answers) if is_unattended else []
        self._unanswered = ""
        self._seen = ""
        self.missing = next(
            (
                f"an answer needs ${name}, which is not set"
                for answer in self._answers
                for name in _names(answer)
                if self._value(name) is None
            ),
            None,
        )

    def run(self) -> CommandStream:
        """Run the command as `Shell.run` does; standard error comes last if it is apart."""
        deadline = Deadline(self._seconds)
        running = self._shell.run(
            self._step.text,
            timeout=deadline,
            errors=self._errors,
            is_answered=bool(self._answers),
        )
        try:
            for item in running:
                if isinstance(item, OutputChunk):
                    self._look_at(item.data, deadline)
                yield item
        finally:
            running.close()
        if errors := self.errors():
            yield OutputChunk(errors.encode(errors="surrogateescape"))

    def errors(self) -> str | None:
        """Return what the command has written to standard error; None if that is not apart."""
        if self._errors is None:
            return None
        if not self._errors.exists():
            return ""
        return self._errors.read_text(errors="surrogateescape")

    def _look_at(self, data: bytes, deadline: Deadline) -> None:
        """PromptAnswer what `data` asks for; end the command if nothing more is expected of it."""
        checks = self._step.checks
        ends_early = checks.stop is not None and self._settings.mode is Mode.CI
        if not self._answers and not ends_early:
            return
        text = strip_escapes(data.decode(errors="replace"))
        if self._answers:
            self._answer((self._unanswered + text)[-_LONGEST_PROMPT:])
        if ends_early and not checks.reject and (checks.expect or checks.expect_error):
            self._seen += text
            errors = self.errors() or ""
            if all(each.found_in(self._seen + errors) for each in checks.expect) and all(
                each.found_in(errors) for each in checks.expect_error
            ):
                deadline.end_now()

    def _answer(self, text: str) -> None:
        while answer := next((a for a in self._answers if a.prompt.found_in(text)), None):
            found = answer.prompt.pattern.search(text)
            text = text[found.end() if found else 0 :]
            self._answers.remove(answer)
            self._shell.type_in(_VARIABLE.sub(self._filled_in, answer.text) + _ENTER)
            if not self._answers:
                self._shell.end_input()
        self._unanswered = text

    def _filled_in(self, match: re.Match[str]) -> str:
        return self._value(match[1] or match[2]) or ""

    def _value(self, name: str) -> str | None:
        value = self._shell.exported(name)
        return self._environment.get(name) if value is None else value


def _names(answer: PromptAnswer) -> list[str]:
    return [match[1] or match[2] for match in _VARIABLE.finditer(answer.text)]


def explained_by_absence(verdict: Verdict, step: Command, outcome: CommandExit) -> Verdict:
    """Return `verdict`, and for a failure the question that nobody answered, if there was one."""
    if verdict.kind not in (VerdictKind.FAILED, VerdictKind.TIMED_OUT):
        return verdict
    hint = _ANSWER_HINT
    if outcome.question is not None:
        asked = outcome.question
        if not asked:
            hint = _SCREEN_HINT
    elif outcome.status == _READ_FAILED and reads_terminal(step.text):
        asked = question_of_read(step.text)
    else:
        return verdict
    reason = "nobody was there to answer" + (f" “{asked}”" if asked else "")
    return verdict.replace(reasons=(*verdict.reasons, reason), hint=verdict.hint or hint)


def reads_terminal(command: str) -> bool:
    """Tell whether a bash command has a `read` whose input is not redirected."""
    found = _READ.search(command)
    return found is not None and "<" not in command[found.end() :]


def question_of_read(command: str) -> str:
    """Return what the first `read` in a bash command asks, empty if that is not known."""
    found = _READ.search(command)
    question = _QUESTION.search(found[1]) if found else None
    return (unquote(question[1]) or "").strip() if question else ""
