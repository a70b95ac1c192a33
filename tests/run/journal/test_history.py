"""What a journal's lines mean, whole or cut off anywhere."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest

from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    CommandShown,
    CommandStarted,
    Event,
    Reason,
    RunEnded,
    RunStarted,
    RunStopping,
    StepSkipped,
    Verdict,
    VerdictKind,
    WaitStarted,
)
from meshpeek.run.journal import history
from meshpeek.run.journal.history import FORMAT, Header, History, fingerprints
from meshpeek.run.journal.writer import JournalWriter
from meshpeek.session.shell.state import SavedState
from meshpeek.workshop.model import Command, Mode, Workshop
from meshpeek.workshop.parse import parse

TEXT = """\
<!-- @SHOW -->
# One

```bash
echo 1
```

Words.

```bash
echo 2
```

<!-- @wait -->

```bash
echo 3
```
"""
HEADING, ONE, WORDS, TWO, PAUSE, THREE = range(6)

Tell = Callable[..., History]


def read_nothing(path: str) -> str:
    raise AssertionError(path)


def parsed(text: str = TEXT) -> Workshop:
    return parse(text, "w.md", read_nothing)


@pytest.fixture
def workshop() -> Workshop:
    return parsed()


def result(kind: VerdictKind = VerdictKind.PASSED, **fields: object) -> CommandResult:
    values = {
        "attempt": 1,
        "status": 0,
        "pipestatus": (0,),
        "duration": 0.5,
        "output": "",
        "omitted": 0,
        "verdict": Verdict(kind, ("a reason",), "a hint"),
    }
    return CommandResult(**{**values, **fields})  # type: ignore[arg-type]


class Told:
    """A presentation whose events go to a writer, which numbers commands as a session does."""

    def __init__(self, workshop: Workshop) -> None:
        self.workshop = workshop
        self.file = BytesIO()
        self._count = 1
        header = Header("/session", 7, True, ("blue",), fingerprints(workshop.steps), sealed=True)
        self._writer = JournalWriter(
            self.file,  # type: ignore[arg-type]
            lambda: history.header_line(header),
            lambda: self._count,
        )
        self(RunStarted(workshop, Mode.PRESENT, True))

    def __call__(self, *events: Event) -> Told:
        for event in events:
            self._writer.take(event)
        return self

    def step(self, index: int) -> Command:
        step = self.workshop.steps[index]
        assert isinstance(step, Command)
        return step

    def shown(self, index: int) -> Told:
        return self(CommandShown(self.step(index)), WaitStarted(self.step(index)))

    def started(self, index: int) -> Told:
        self.shown(index)(CommandStarted(self.step(index), 1))
        self._count += 1
        return self

    def ran(self, index: int, kind: VerdictKind = VerdictKind.PASSED, **fields: object) -> Told:
        return self.started(index)(CommandEnded(self.step(index), result(kind, **fields)))

    def read(self, folder: Path, size: int | None = None) -> History | None:
        path = folder / "journal.jsonl"
        path.write_bytes(self.file.getvalue()[:size])
        return history.read(path)


@pytest.fixture
def told(workshop: Workshop) -> Told:
    return Told(workshop)


def whole(found: History | None) -> History:
    assert found
    return found


def position(told: Told, folder: Path) -> int:
    return whole(told.read(folder)).position(told.workshop)


def test_it_tells_how_the_show_was_started(told: Told, tmp_path: Path) -> None:
    header = whole(told.read(tmp_path)).header
    assert (header.session, header.process, header.rehearsal) == ("/session", 7, True)
    assert header.arguments == ("blue",)


def test_it_goes_on_with_the_step_under_way_and_what_leads_up_to_it(
    told: Told, tmp_path: Path
) -> None:
    told.ran(ONE).started(TWO)
    assert position(told, tmp_path) == WORDS
    assert whole(told.read(tmp_path)).under_way == 3


def test_it_goes_on_after_the_last_step_that_ended(told: Told, tmp_path: Path) -> None:
    told.ran(ONE)
    assert position(told, tmp_path) == WORDS
    told.ran(TWO)
    assert position(told, tmp_path) == PAUSE
    told(WaitStarted(told.workshop.steps[PAUSE]))
    assert position(told, tmp_path) == PAUSE
    assert whole(told.read(tmp_path)).under_way is None


def test_it_goes_on_where_the_presenter_went(told: Told, tmp_path: Path) -> None:
    told.ran(ONE).ran(TWO).shown(ONE)
    assert position(told, tmp_path) == HEADING
    told(StepSkipped(told.step(ONE), "the presenter skipped it"))
    assert position(told, tmp_path) == WORDS


def test_it_has_begun_when_the_presenter_did_something(told: Told, tmp_path: Path) -> None:
    def has_begun() -> bool:
        return whole(told.read(tmp_path)).has_begun

    assert not has_begun()
    told.shown(ONE)
    assert not has_begun()  # that comes by itself
    told.shown(TWO)
    assert has_begun()


def test_it_has_begun_with_the_first_command(told: Told, tmp_path: Path) -> None:
    told.started(ONE)
    assert whole(told.read(tmp_path)).has_begun


def test_hidden_steps_are_no_beginning(tmp_path: Path) -> None:
    hidden = Told(parsed("```bash\necho hidden\n```\n\n<!-- @SHOW -->\n\n```bash\necho 1\n```\n"))
    hidden(CommandStarted(hidden.step(0), 1)).shown(1)
    assert not whole(hidden.read(tmp_path)).has_begun


def test_an_attempt_that_is_repeated_has_not_ended(told: Told, tmp_path: Path) -> None:
    told.ran(ONE).ran(TWO, VerdictKind.FAILED, final=False)
    assert position(told, tmp_path) == WORDS


def test_a_command_that_was_broken_off_is_the_next(told: Told, tmp_path: Path) -> None:
    told.ran(ONE).ran(TWO, VerdictKind.INTERRUPTED)
    told(RunStopping(Reason.INTERRUPTED), StepSkipped(told.step(THREE), "the run was interrupted"))
    told(RunEnded(Reason.INTERRUPTED, 1))
    found = whole(told.read(tmp_path))
    assert found.ended is Reason.INTERRUPTED
    assert found.under_way == 3
    kept = found.until(SavedState(2, Path()))
    assert kept.position(told.workshop) == WORDS
    assert [type(event).__name__ for event in kept.events(told.workshop)] == ["CommandEnded"]


def test_a_command_without_its_state_counts_as_under_way(told: Told, tmp_path: Path) -> None:
    told.ran(ONE, status=3, pipestatus=(0, 3)).ran(TWO)
    kept = whole(told.read(tmp_path)).until(SavedState(2, Path()))
    assert kept.position(told.workshop) == WORDS
    assert kept.statuses == (3, 0, 3)


def test_what_stopped_the_run_is_tried_again(told: Told, tmp_path: Path) -> None:
    told.ran(ONE).ran(TWO, VerdictKind.FAILED)
    told(RunStopping(Reason.STOPPED), RunEnded(Reason.STOPPED, 1))
    assert position(told, tmp_path) == WORDS


def test_results_come_back_as_they_were(told: Told, tmp_path: Path) -> None:
    told.ran(ONE, VerdictKind.FAILED, output="é\x1b[0m\udcff\n", status=2, pipestatus=(1, 2))
    (event,) = whole(told.read(tmp_path)).events(told.workshop)
    assert event == CommandEnded(
        told.step(ONE),
        result(VerdictKind.FAILED, output="é\x1b[0m\udcff\n", status=2, pipestatus=(1, 2)),
    )


def test_long_output_is_cut_and_counted(told: Told, tmp_path: Path) -> None:
    told.ran(ONE, output="é" * 10_000 + "end", omitted=5)
    (event,) = whole(told.read(tmp_path)).events(told.workshop)
    assert isinstance(event, CommandEnded)
    assert event.result.output.endswith("éend")
    assert len(event.result.output) + (event.result.omitted - 5) / 2 == 10_003
    assert len(told.file.getvalue()) < 20_000


def test_it_can_be_read_wherever_it_was_cut_off(told: Told, tmp_path: Path) -> None:
    told.ran(ONE).ran(TWO).shown(THREE)
    text = told.file.getvalue()
    for size in range(len(text)):
        found = told.read(tmp_path, size)
        complete = text[:size].count(b"\n")
        if found is None:
            assert complete <= 1
        else:
            # A line may be whole but for its end.
            assert len(found.entries) + 1 in (complete, complete + 1)


@pytest.mark.parametrize(
    "first",
    ["", "[]\n", '{"journal": 0}\n', f'{{"journal": {FORMAT}}}\n', "\xff\n", "null\n"],
)
def test_what_is_no_journal_is_none(tmp_path: Path, first: str) -> None:
    path = tmp_path / "journal.jsonl"
    path.write_text(first, encoding="latin-1")
    assert history.read(path) is None


@pytest.mark.parametrize(
    ("change", "index"),
    [
        (("echo 1", "echo one"), ONE),
        (("Words", "Other words"), WORDS),
        (("Words.", "Words.\n\n```bash\nnew\n```\n\nMore."), TWO),
        (("echo 3", "echo three"), None),
        (("\n```bash\necho 2\n```\n", ""), TWO),
    ],
)
def test_a_change_is_found_if_it_is_in_what_was_told_of(
    told: Told, tmp_path: Path, change: tuple[str, str], index: int | None
) -> None:
    told.ran(ONE).ran(TWO)
    assert whole(told.read(tmp_path)).first_change(parsed(TEXT.replace(*change))) == index


def test_a_workshop_that_ends_earlier_now_is_a_change(told: Told, tmp_path: Path) -> None:
    told.ran(ONE).ran(TWO).ran(THREE)
    shorter = parsed(TEXT.partition("\n<!-- @wait -->")[0])
    assert whole(told.read(tmp_path)).first_change(shorter) == len(shorter.steps)
