"""Whole runs of small workshops, in real bash: what happens, in which order."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meshpeek.run.actions import Action, AnyAction, Jump
from meshpeek.run.drivers import Decision, Driver, UnattendedDriver
from meshpeek.run.events import (
    CommandEnded,
    CommandShown,
    Event,
    Hinted,
    JobsLeft,
    Moved,
    OutputReceived,
    Reason,
    RunEnded,
    RunStarted,
    StepSkipped,
    TextShown,
    Typed,
    WaitStarted,
)
from meshpeek.run.runner import Runner
from meshpeek.run.settings import RunSettings
from meshpeek.session.editor import ScriptedEditor
from meshpeek.session.session import Session
from meshpeek.session.shell.shell import Shell
from meshpeek.session.stand_ins import EDITOR_VARIABLES
from meshpeek.workshop.model import Command, Mode, Step, Workshop
from meshpeek.workshop.parse import parse

Play = Callable[..., list[Event]]
NOBODY = UnattendedDriver()


class Keys(UnattendedDriver):
    """A presenter who answers every wait with the next of some actions, and then goes on."""

    def __init__(self, *requests: AnyAction) -> None:
        self._requests = list(requests)

    def wait(self, step: Step) -> Decision:
        return self._requests.pop(0) if self._requests else Action.GO
        yield


def read_nothing(path: str) -> str:
    raise AssertionError(f"nothing is imported here, and not {path}")


def workshop_of(text: str) -> Workshop:
    return parse(text, "w.md", read_nothing)


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    editor = ScriptedEditor(tmp_path)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "TERM": "xterm"}
    folder = tmp_path / "session"
    folder.mkdir()
    shell = Shell(folder, environment | dict.fromkeys(EDITOR_VARIABLES, str(editor.install())))

    def play_text(
        text: str,
        driver: Driver = NOBODY,
        mode: Mode = Mode.CI,
        contexts: tuple[str, ...] | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = lambda _: None,
        **settings: object,
    ) -> list[Event]:
        runner = Runner(
            workshop_of(text),
            RunSettings(mode, **settings),  # type: ignore[arg-type]
            Session(shell, editor, contexts, folder, environment),
            driver,
            clock=clock,
            sleep=sleep,
        )
        return list(runner.run())

    yield play_text
    shell.close()


def results(events: list[Event]) -> list[tuple[str, str]]:
    """Return the text and the verdict of every command that ended, in order."""
    return [
        (event.step.text, event.result.verdict.kind.value)
        for event in events
        if isinstance(event, CommandEnded)
    ]


def skipped(events: list[Event]) -> list[tuple[str, str]]:
    return [(event.step.text, event.reason) for event in events if isinstance(event, StepSkipped)]


def test_the_events_of_a_run_in_order(play: Play) -> None:
    events = play("<!-- @SHOW -->\n# T\n\nRead.\n\n```bash\necho hi\n```\n\n<!-- @wait -->\n")
    assert [type(event).__name__ for event in events] == [
        "RunStarted",
        "TextShown",
        "CommandShown",
        "Typed",
        "WaitStarted",
        "WaitEnded",
        "CommandStarted",
        "OutputReceived",
        "CommandEnded",
        "WaitStarted",
        "WaitEnded",
        "RunStopping",
        "RunEnded",
    ]
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[1], TextShown)
    assert events[1].text == "# T\n\nRead."
    assert isinstance(events[3], Typed)
    assert events[3].text == "echo hi"
    ended = events[8]
    assert isinstance(ended, CommandEnded)
    assert (ended.result.output, ended.result.status, ended.result.attempt) == ("hi\n", 0, 1)


def test_hidden_steps_run_without_being_shown(play: Play) -> None:
    events = play("Hidden words.\n\n```bash\necho hi\n```\n")
    assert results(events) == [("echo hi", "passed")]
    assert not [e for e in events if isinstance(e, TextShown | CommandShown | WaitStarted)]


def test_printed_text_has_the_session_s_values(play: Play) -> None:
    events = play("```bash\nA='x y'\n#@print ${A} and $A and ${NOPE}.\n```\n")
    assert [event.text for event in events if isinstance(event, TextShown)] == ["x y and x y and ."]


def test_a_failure_stops_the_run_where_that_is_asked_for(play: Play) -> None:
    text = "```bash\ntrue\nfalse\necho later\n```\n"
    events = play(text, stop_on_failure=True)
    assert results(events) == [("true", "passed"), ("false", "failed")]
    assert skipped(events) == [("echo later", "the run stopped at w.md:3")]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason is Reason.STOPPED


def test_a_failure_stops_nothing_otherwise(play: Play) -> None:
    events = play("```bash\nfalse\necho later\n```\n")
    assert results(events) == [("false", "failed"), ("echo later", "passed")]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason is Reason.FINISHED


def test_set_e_in_a_workshop_stops_the_run_at_a_failure(play: Play) -> None:
    events = play("```bash\nset -e\nfalse\necho later\n```\n")
    assert results(events) == [("set -e", "passed"), ("false", "failed")]
    assert skipped(events) == [("echo later", "the run stopped at w.md:3")]


def test_steps_marked_always_run_after_a_failure(play: Play) -> None:
    text = "```bash\nfalse\necho no\n## meshpeek: always\necho cleanup\necho no more\n```\n"
    events = play(text, stop_on_failure=True)
    assert results(events) == [("false", "failed"), ("echo cleanup", "passed")]
    assert [command for command, _ in skipped(events)] == ["echo no", "echo no more"]


@pytest.mark.parametrize(
    ("annotation", "command", "verdict"),
    [
        ("exit 3", "(exit 3)", "passed"),
        ("exit 3", "true", "failed"),
        ("exit any", "(exit 9)", "passed"),
        ("expect two", "echo one two", "passed"),
        ("expect three", "echo one two", "failed"),
        (r"expect /^o\w+ two$/", "echo one two", "passed"),
        ("expect bold", "printf '\\033[1mbo\\033[0mld'", "passed"),
        ("reject two", "echo one two", "failed"),
        ("reject three", "echo one two", "passed"),
        ("timeout 0.1s", "sleep 60", "timed out"),
        ("name a-step", "nope", "could not run"),
        ("name a-step", "false | true", "failed"),
        ("name a-step", "yes | head -n 1", "passed"),
        ("name a-step", "! false", "passed"),
        ("name a-step", "if false | true; then :; fi", "passed"),
    ],
)
def test_verdicts(play: Play, annotation: str, command: str, verdict: str) -> None:
    events = play(f"<!-- meshpeek: {annotation} -->\n```bash\n{command}\n```\n")
    assert results(events) == [(command, verdict)]


def test_until_repeats_a_command_until_it_holds(play: Play, tmp_path: Path) -> None:
    command = f"echo x >>{tmp_path}/tries; wc -l <{tmp_path}/tries"
    pauses: list[float] = []
    events = play(
        f"<!-- meshpeek: until 30s -->\n<!-- meshpeek: expect 3 -->\n```bash\n{command}\n```\n",
        sleep=pauses.append,
    )
    ended = [event.result for event in events if isinstance(event, CommandEnded)]
    assert [(r.attempt, r.final, bool(r.verdict)) for r in ended] == [
        (1, False, False),
        (2, False, False),
        (3, True, True),
    ]
    assert pauses == [0.1, 0.2]


def test_until_gives_up_in_the_end(play: Play) -> None:
    now = iter(range(1000))
    events = play(
        "<!-- meshpeek: until 5s -->\n```bash\nfalse\n```\n", clock=lambda: float(next(now))
    )
    ended = [event.result for event in events if isinstance(event, CommandEnded)]
    assert len(ended) > 1
    assert [result.final for result in ended] == [False] * (len(ended) - 1) + [True]
    left = [result.time_left for result in ended]
    assert left == sorted(left, reverse=True)
    assert 0 < left[0] < 5
    assert left[-1] == 0


@pytest.mark.parametrize(
    ("annotation", "options", "runs"),
    [
        ("only ci", {}, True),
        ("only present run", {}, False),
        ("skip ci", {}, False),
        ("skip present", {}, True),
        ("only rehearse", {}, False),
        ("only rehearse", {"rehearse": True}, True),
        ("skip rehearse", {"rehearse": True}, False),
    ],
)
def test_only_and_skip(play: Play, annotation: str, options: dict[str, object], runs: bool) -> None:
    events = play(f"<!-- meshpeek: {annotation} -->\n```bash\necho x\n```\n", **options)
    assert bool(results(events)) is runs
    assert bool(skipped(events)) is not runs


def test_the_workshop_s_own_python_files_do_not_get_into_the_editor(
    play: Play, tmp_path: Path
) -> None:
    (tmp_path / "shlex.py").write_text("raise SystemExit('not this one')\n")
    (tmp_path / "b.txt").write_text("old\n")
    events = play(
        f"```bash\ncd {tmp_path}\n```\n<!-- meshpeek: editor sed -i s/old/new/ -->\n"
        "```bash\n$EDITOR b.txt\n```\n"
    )
    assert [verdict for _, verdict in results(events)] == ["passed", "passed"]
    assert (tmp_path / "b.txt").read_text() == "new\n"


def test_an_edit_is_made_by_the_step_s_annotation(play: Play, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("spec: {timeout: 5s, other: 1}\n")
    (tmp_path / "b.txt").write_text("old\n")
    patch = '[{"op": "replace", "path": "/spec/timeout", "value": "300ms"}]'
    events = play(
        f"<!-- meshpeek: patch {patch} -->\n```bash\n$EDITOR {tmp_path}/a.yaml\n```\n"
        f"<!-- meshpeek: editor sed -i s/old/new/ -->\n```bash\n$EDITOR {tmp_path}/b.txt\n"
        f"$EDITOR {tmp_path}/b.txt\n```\n"
    )
    assert [verdict for _, verdict in results(events)] == ["passed", "passed", "failed"]
    assert (tmp_path / "a.yaml").read_text() == 'spec: {timeout: "300ms", other: 1}\n'
    assert (tmp_path / "b.txt").read_text() == "new\n"
    last = [event.result for event in events if isinstance(event, CommandEnded)][-1]
    assert "nobody is there to edit the file" in last.output


@pytest.mark.parametrize(
    ("patch", "message"),
    [
        ('[{"op": "test", "path": "/a", "value": 2}, {"op": "remove", "path": "/a"}]', "not apply"),
        ('[{"op": "remove", "path": "/nope"}]', "does not apply"),
        ('[{"op": "replace", "path": "/a", "value": 1}]', "changes nothing"),
    ],
)
def test_a_patch_that_does_not_apply_fails_the_step(
    play: Play, tmp_path: Path, patch: str, message: str
) -> None:
    (tmp_path / "a.yaml").write_text("a: 1\n")
    events = play(f"<!-- meshpeek: patch {patch} -->\n```bash\n$EDITOR {tmp_path}/a.yaml\n```\n")
    ended = next(event.result for event in events if isinstance(event, CommandEnded))
    assert not ended.verdict
    assert message in ended.output
    assert (tmp_path / "a.yaml").read_text() == "a: 1\n"


@pytest.mark.parametrize(
    ("text", "mode", "verdict"),
    [
        ("#@show_6 now", Mode.CI, "could not run"),
        ("#@show_6 now", Mode.RUN, "passed"),
        ("#@show_6 now", Mode.PRESENT, "passed"),
        ("#@bash -c 'exit 127'", Mode.RUN, "could not run"),
        ("show_6 now", Mode.RUN, "could not run"),
        ("#@show_6; false", Mode.RUN, "failed"),
        ("## meshpeek: expect x\n#@show_6", Mode.RUN, "could not run"),
    ],
)
def test_a_directive_that_is_no_command(play: Play, text: str, mode: Mode, verdict: str) -> None:
    events = play(f"```bash\n{text}\necho after\n```\n", mode=mode)
    assert [found for _, found in results(events)] == [verdict, "passed"]


def test_a_directive_that_is_no_command_is_told_of(play: Play) -> None:
    events = play("<!-- @show_6 -->\n", mode=Mode.RUN)
    (ended,) = (event for event in events if isinstance(event, CommandEnded))
    assert ended.result.verdict.hint == (
        "`@show_6` is not a directive, macro, hook or command; "
        "define it, or import the file that does"
    )


def test_a_directive_that_is_no_command_stops_a_workshop_with_set_e(play: Play) -> None:
    events = play("```bash\nset -e\n#@show_6\necho after\n```\n", mode=Mode.RUN)
    assert results(events) == [("set -e", "passed"), ("show_6", "could not run")]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason is Reason.STOPPED


def test_an_unknown_context_is_named_beside_those_there_are(play: Play) -> None:
    text = "```bash\nbash -c 'exit 1' kubectl --context nrth get pods\n```\n"
    events = play(text, contexts=("north", "east"))
    ended = next(event.result for event in events if isinstance(event, CommandEnded))
    assert ended.verdict.hint == (
        "unknown context nrth; the contexts are north, east; did you mean north?"
    )


def test_jobs_left_behind_are_told(play: Play) -> None:
    events = play("```bash\nsleep 64 &\n```\n")
    left = [event.listing for event in events if isinstance(event, JobsLeft)]
    assert len(left) == 1
    assert "sleep 64" in left[0]


SHOWN = "<!-- @SHOW -->\n```bash\necho 1\necho 2\necho 3\n```\n"


def test_a_presenter_quits(play: Play) -> None:
    events = play(SHOWN, driver=Keys(Action.GO, Action.QUIT))
    assert results(events) == [("echo 1", "passed")]
    assert skipped(events) == [
        ("echo 2", "the presenter quit"),
        ("echo 3", "the presenter quit"),
    ]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason is Reason.QUIT


def test_a_presenter_skips_and_goes_back(play: Play) -> None:
    keys = Keys(Action.SKIP, Action.GO, Action.BACK, Action.GO)
    events = play(SHOWN, driver=keys)
    assert results(events) == [("echo 2", "passed"), ("echo 2", "passed"), ("echo 3", "passed")]
    attempts = [event.result.attempt for event in events if isinstance(event, CommandEnded)]
    assert attempts == [1, 2, 1]


def test_an_answer_counts_from_when_the_command_can_be_seen(play: Play) -> None:
    class Impatient(Keys):
        def type_out(self, step: Command) -> Decision:
            self._requests.append(Action.QUIT)
            return (yield from super().type_out(step))

        def discard_input(self) -> None:
            self._requests.clear()

    events = play("<!-- @SHOW -->\n```bash\necho 1\n```\n", driver=Impatient(Action.GO))
    assert skipped(events) == [("echo 1", "the presenter quit")]


def test_going_back_from_the_first_command_stays_there(play: Play) -> None:
    events = play(SHOWN, driver=Keys(Action.BACK, Action.GO))
    assert results(events)[0] == ("echo 1", "passed")


def test_typed_only_lines_are_shown_and_never_run(play: Play, tmp_path: Path) -> None:
    events = play(f"<!-- @SHOW -->\n```bash\n#$ touch {tmp_path}/made\n```\n")
    assert [event.text for event in events if isinstance(event, Typed)] == [
        f"touch {tmp_path}/made"
    ]
    assert results(events) == []
    assert not (tmp_path / "made").exists()


def test_an_interruption_ends_the_command_and_the_run(play: Play, tmp_path: Path) -> None:
    editor = ScriptedEditor(tmp_path)
    folder = tmp_path / "other"
    folder.mkdir()
    shell = Shell(folder, {"PATH": os.environ["PATH"]})
    workshop = workshop_of("```bash\necho begun; sleep 60\necho later\n```\n")
    try:
        session = Session(shell, editor, None, folder, {})
        run = Runner(workshop, RunSettings(Mode.CI), session, UnattendedDriver()).run()
        events = []
        for event in run:
            events.append(event)
            if type(event).__name__ == "OutputReceived":
                events.append(run.throw(KeyboardInterrupt))
    finally:
        shell.close()
    assert results(events) == [("echo begun; sleep 60", "interrupted")]
    assert skipped(events) == [("echo later", "the run was interrupted")]
    assert isinstance(events[-1], RunEnded)
    assert events[-1].reason is Reason.INTERRUPTED


def attempts(events: list[Event]) -> list[tuple[str, int]]:
    return [
        (event.step.text, event.result.attempt)
        for event in events
        if isinstance(event, CommandEnded)
    ]


def test_the_last_command_is_repeated_and_the_show_is_where_it_was(play: Play) -> None:
    events = play(SHOWN, driver=Keys(Action.GO, Action.REPEAT, Action.REPEAT))
    assert attempts(events) == [
        ("echo 1", 1),
        ("echo 1", 2),
        ("echo 1", 3),
        ("echo 2", 1),
        ("echo 3", 1),
    ]


def test_repeating_before_anything_has_run_runs_nothing(play: Play) -> None:
    events = play(SHOWN, driver=Keys(Action.REPEAT))
    assert attempts(events) == [("echo 1", 1), ("echo 2", 1), ("echo 3", 1)]


def test_moving_runs_nothing_and_what_is_left_out_counts_as_skipped(play: Play) -> None:
    events = play(SHOWN, driver=Keys(Jump(2), Action.GO))
    assert attempts(events) == [("echo 3", 1)]
    assert skipped(events) == [
        ("echo 1", "the presenter jumped past it"),
        ("echo 2", "the presenter jumped past it"),
    ]
    moved = [event.step.text for event in events if isinstance(event, Moved) and event.step]
    assert moved == ["echo 3"]


def test_a_cleanup_that_was_jumped_over_runs_in_the_end(play: Play) -> None:
    text = "<!-- @SHOW -->\n```bash\n## meshpeek: always\necho clean\necho last\n```\n"
    events = play(text, driver=Keys(Jump(1), Action.GO))
    assert attempts(events) == [("echo last", 1), ("echo clean", 1)]


class AfterFailures(Keys):
    waits_after_failure = True


def test_a_failure_is_waited_at_and_repeated(play: Play, tmp_path: Path) -> None:
    once = f"test -e {tmp_path}/made || {{ touch {tmp_path}/made; false; }}"
    text = f"<!-- @SHOW -->\n```bash\n{once}\necho next\n```\n"
    events = play(text, driver=AfterFailures(Action.GO, Action.REPEAT))
    assert results(events) == [(once, "failed"), (once, "passed"), ("echo next", "passed")]
    text = f"<!-- @SHOW -->\n```bash\nset -e\ncd {tmp_path}\nmkdir c/d\necho next\n```\n"
    go, repeat = Action.GO, Action.REPEAT
    events = play(text, driver=AfterFailures(go, go, go, repeat, go))
    assert results(events)[2:] == [("mkdir c/d", "failed"), ("mkdir c/d", "failed")]
    assert skipped(events) == [("echo next", "the run stopped at w.md:5")]


def test_a_failure_that_the_room_did_not_see_is_not_waited_at(play: Play) -> None:
    events = play("```bash\nfalse\necho next\n```\n", driver=AfterFailures(Action.QUIT))
    assert results(events) == [("false", "failed"), ("echo next", "passed")]


@pytest.mark.parametrize(("mode", "verdict"), [(Mode.PRESENT, "passed"), (Mode.CI, "failed")])
def test_a_program_with_the_whole_screen_is_judged_by_its_status_on_stage(
    play: Play, mode: Mode, verdict: str
) -> None:
    page = r"printf '\033[?1049hpage one\033[?1049l'"
    events = play(
        f"```bash\n## meshpeek: expect page two\n{page}\n"
        f"## meshpeek: reject one\n{page}\n{page}; false\n```\n",
        mode=mode,
    )
    assert [each for _, each in results(events)] == [verdict, verdict, "failed"]


class AtEnd(Keys):
    waits_at_end = True


def test_a_show_waits_at_its_end(play: Play) -> None:
    text = "<!-- @SHOW -->\n```bash\necho 1\n```\n"
    events = play(text, driver=AtEnd(Action.GO, Action.REPEAT, Action.BACK, Action.SKIP))
    waits = [event.step and event.step.text for event in events if isinstance(event, WaitStarted)]
    assert waits == ["echo 1", None, None, "echo 1"]
    assert attempts(events) == [("echo 1", 1), ("echo 1", 2)]


def test_a_show_that_ends_with_a_wait_has_no_second(play: Play) -> None:
    text = "<!-- @SHOW -->\n```bash\necho 1\n```\n\n<!-- @wait -->\n"
    waits = [event.step for event in play(text, driver=AtEnd()) if isinstance(event, WaitStarted)]
    assert None not in waits


@pytest.mark.parametrize(
    ("action", "hint"),
    [
        (Action.NEXT_SECTION, "this is the last section"),
        (Action.PREVIOUS_SECTION, "this is the beginning"),
        (Action.BACK, "no command is before this"),
        (Action.REPEAT, "no command has run yet"),
        (Action.FALLBACK, "no recorded output: name a transcript with --fallback"),
    ],
)
def test_what_cannot_be_done_changes_nothing(play: Play, action: Action, hint: str) -> None:
    events = play("<!-- @SHOW -->\n```bash\necho 1\n```\n", driver=Keys(action, Action.GO))
    told = [type(event).__name__ for event in events]
    assert [event.text for event in events if isinstance(event, Hinted)] == [hint]
    assert (told.count("CommandShown"), told.count("WaitStarted")) == (1, 1)
    assert not {"Moved", "ScreenCleared"} & set(told)


def test_a_run_that_takes_too_long_ends_and_cleans_up(play: Play) -> None:
    code = "sleep 60\necho next\n## meshpeek: always\necho clean"
    events = play(f"```bash\n{code}\n```\n", workshop_timeout=0.2)
    assert results(events) == [("sleep 60", "timed out"), ("echo clean", "passed")]
    assert skipped(events) == [("echo next", "the run was out of time at w.md:2")]
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert ended.reason is Reason.OUT_OF_TIME


def test_a_command_that_begins_too_late_does_not_run(play: Play) -> None:
    code = "## meshpeek: until 60s\nfalse\necho next"
    events = play(f"```bash\n{code}\n```\n", ends_at=0.0, stop_on_failure=False)
    assert results(events) == [("false", "could not run")]
    (ended,) = (event for event in events if isinstance(event, CommandEnded))
    assert ended.result.verdict.reasons == ("the run has reached its limit (--total-timeout)",)


def test_what_is_set_up_opens_no_pager_and_runs_no_hook(play: Play) -> None:
    text = (
        "```bash\n[[ $PAGER = cat ]] && BAT_PAGER=mine\n```\n<!-- @SHOW -->\n"
        "```bash\necho [${PAGER-none}] [$BAT_PAGER]\n```\n"
    )
    events = play(text, start=1, setup=True)
    told = [type(event).__name__ for event in events]
    assert told.index("SetupStarted") < told.index("CommandStarted") < told.index("SetupEnded")
    printed = [event.data for event in events if isinstance(event, OutputReceived)]
    assert printed == [b"[none] [mine]\n"]
