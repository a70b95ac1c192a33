"""Judging a command by its exit statuses and its output."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from meshpeek.run.events import Verdict, VerdictKind
from meshpeek.run.settings import RunSettings
from meshpeek.session.shell.command_stream import CommandExit, Ending
from meshpeek.workshop.model import Checks, Command
from meshpeek.workshop.parse.suggestions import find_closest

_SIGPIPE_STATUS = 141
_NOT_EXECUTABLE, _NOT_FOUND = 126, 127
_STOPPED = (128 + signal.SIGTSTP, 128)
"""bash's statuses of what ^Z stopped; the second is of a pipeline whose other parts had ended."""
_LITERAL = re.compile(r"[\w-]{2,}")
_ESCAPE_IN_PATTERN = re.compile(r"\\(.)")
_MOST_LINES_COMPARED = 1000
_LONGEST_LINE_TOLD = 120
_BROKEN_HINT = "this step, or one before it, changed what the shell depends on; run it in `bash -c`"


def judge(
    step: Command,
    outcome: CommandExit,
    output: str,
    errors: str | None,
    settings: RunSettings,
    contexts: Sequence[str] | None,
) -> Verdict:
    """Judge an attempt at `step`; `output` is plain text, without escape sequences.

    `errors` is the part of it that went to standard error, None if that is not known: then all of
    it may be.
    `contexts` are the contexts that the session has, None if that is not known. A directive for
    which there is no command fails in tests only: elsewhere it passes, with reasons and a hint to
    show.
    """
    timeout = settings.timeout_for(step)
    if _shows_difference(step, outcome) and not settings.is_test:
        outcome = outcome.replace(status=0, pipestatus=())
    reasons = [
        *_status_reasons(step, outcome, timeout, settings),
        *_output_reasons(step.checks, output, output if errors is None else errors),
    ]
    if not reasons:
        return Verdict(VerdictKind.PASSED)
    if _is_unknown_directive(step, outcome, output):
        fails = settings.is_test or step.stops_run
        kind = VerdictKind.NOT_RUN if fails else VerdictKind.PASSED
        return Verdict(kind, tuple(reasons), _unknown_directive_hint(step))
    hint = (
        _hint(step, contexts)
        or _difference_hint(step, outcome)
        or _nearest_line(step.checks, output)
    )
    if outcome.ending is Ending.TIMED_OUT and step.checks.stop is None:
        return Verdict(VerdictKind.TIMED_OUT, tuple(reasons), hint)
    if outcome.ending is Ending.SHELL_BROKEN:
        return Verdict(VerdictKind.FAILED, tuple(reasons), hint or _BROKEN_HINT)
    if outcome.status in (_NOT_EXECUTABLE, _NOT_FOUND):
        return Verdict(VerdictKind.NOT_RUN, tuple(reasons), hint)
    return Verdict(VerdictKind.FAILED, tuple(reasons), hint)


def _is_unknown_directive(step: Command, outcome: CommandExit, output: str) -> bool:
    """Tell whether a step is a directive for which bash found no command.

    A command that exists may end with the same status, but bash names the one that does not.
    Annotations say how the author wants a step judged, so they take precedence.
    """
    if not step.directive or outcome.status != _NOT_FOUND or step.checks != Checks():
        return False
    return f": {step.text.split()[0]}: " in output


def _unknown_directive_hint(step: Command) -> str:
    if step.text.split()[0] != step.directive:
        return f"the hook `@{step.directive}` runs a command that was not found"
    return (
        f"`@{step.directive}` is not a directive, macro, hook or command; "
        "define it, or import the file that does"
    )


def _shows_difference(step: Command, outcome: CommandExit) -> bool:
    """Tell whether all that failed of a step is a command that found a difference.

    `diff`, `cmp` and `kubectl diff` end with 1 then, which is no failure of theirs.
    """
    if not step.comparing or step.checks.exit_status != 0:
        return False
    if outcome.ending is not Ending.COMPLETED:
        return False
    statuses = outcome.pipestatus if step.pipeline else (outcome.status,)
    failed = {n - len(statuses): status for n, status in enumerate(statuses) if status}
    return bool(failed) and all(
        place in step.comparing and status == 1 for place, status in failed.items()
    )


def _difference_hint(step: Command, outcome: CommandExit) -> str | None:
    if not _shows_difference(step, outcome):
        return None
    annotation = "exit any" if step.pipeline else "exit 1"
    return (
        "status 1 says that the files differ; if they are to, put "
        f"<!-- @# meshpeek: {annotation} --> before the command"
    )


def _status_reasons(
    step: Command, outcome: CommandExit, timeout: float | None, settings: RunSettings
) -> list[str]:
    expected = step.checks.exit_status
    if step.checks.stop is not None and _was_stopped(outcome, settings):
        return []
    if outcome.ending is Ending.SHELL_BROKEN:
        return ["the shell no longer told when a command ends, and was replaced"]
    if outcome.ending is Ending.TIMED_OUT:
        limit = "in time" if timeout is None else f"within {timeout:g} s"
        return [f"did not end {limit}, and was stopped with status {outcome.status}"]
    if expected is None:
        return []
    if step.pipeline and len(outcome.pipestatus) > 1:
        return _pipeline_reasons(outcome.pipestatus, expected)
    if outcome.status != expected:
        wanted = "" if expected == 0 else f", expected {expected}"
        return [f"exit status {describe_status(outcome.status)}{wanted}"]
    return []


def _was_stopped(outcome: CommandExit, settings: RunSettings) -> bool:
    """Tell whether a command with `stop` ended as it should: by us, or by a presenter's ^C."""
    if settings.is_unattended:
        return outcome.ending is Ending.TIMED_OUT
    return outcome.status == 128 + signal.SIGINT


def _pipeline_reasons(parts: Sequence[int], expected: int) -> list[str]:
    """Name the parts that failed. A producer whose reader has closed the pipe (SIGPIPE) has not."""
    *producers, last = parts
    judged = [0 if status == _SIGPIPE_STATUS else status for status in producers] + [last]
    if expected != 0:
        if expected in judged:
            return []
        return [f"no part of the pipeline ended with the expected exit status {expected}"]
    return [
        f"part {number} of the pipeline: exit status {describe_status(status)}"
        for number, status in enumerate(judged, 1)
        if status != 0
    ]


def ended_by_presenter(status: int) -> bool:
    """Tell whether a command ended, or stopped, as it does at ^C or ^Z."""
    return status in (128 + signal.SIGINT, *_STOPPED)


def describe_status(status: int) -> str:
    """Return a status, with what bash means by it where that is more than a number."""
    if status == _NOT_FOUND:
        return "127 (command not found)"
    if status == _NOT_EXECUTABLE:
        return "126 (not executable)"
    if status in _STOPPED:
        return f"{status} (stopped; `fg` continues it)"
    if 128 < status <= 128 + signal.NSIG - 1:
        return f"{status} (signal {status - 128})"
    return str(status)


def _output_reasons(checks: Checks, output: str, errors: str) -> list[str]:
    missing = [
        f"the output lacks “{expectation.source}”"
        for expectation in checks.expect
        if not expectation.found_in(output)
    ]
    unwanted = [
        f"the output contains “{expectation.source}”"
        for expectation in checks.reject
        if expectation.found_in(output)
    ]
    no_error = [
        f"standard error lacks “{expectation.source}”"
        for expectation in checks.expect_error
        if not expectation.found_in(errors)
    ]
    return missing + no_error + unwanted


def _nearest_line(checks: Checks, output: str) -> str | None:
    """Return a hint with the line that came nearest to what is missing; None if none did."""
    missing = next((each for each in checks.expect if not each.found_in(output)), None)
    if missing is None:
        return None
    words = set(_LITERAL.findall(_ESCAPE_IN_PATTERN.sub(_unescape, missing.source)))
    best, nearest = 0, ""
    for line in output.splitlines()[-_MOST_LINES_COMPARED:]:
        score = sum(len(word) for word in words if word in line)
        if score > best:
            best, nearest = score, line
    if not nearest:
        return None
    told = " ".join(nearest.split())
    return f"the nearest line is “{told[:_LONGEST_LINE_TOLD]}”"


def _unescape(match: re.Match[str]) -> str:
    """Return what an escape in a pattern stands for: a character, or a gap for one of many."""
    return " " if match[1].isalnum() else match[1]


def _hint(step: Command, contexts: Sequence[str] | None) -> str | None:
    if not contexts:
        return None
    known = ", ".join(contexts)
    for context in step.contexts:
        if context not in contexts:
            closest = find_closest(context, contexts)
            meant = f"; did you mean {closest}?" if closest else ""
            return f"unknown context {context}; the contexts are {known}{meant}"
    return None
