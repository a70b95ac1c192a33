"""What the documents say is true: their samples run, and their tables are the code's."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from meshpeek.errors import ExitCode, worst_of
from meshpeek.run.presenting.bindings import BINDINGS
from meshpeek.run.presenting.configuration import parse_bindings
from meshpeek.sinks.transcripts.transcript import read_transcript
from meshpeek.terminal.key_decoder import NAMED_KEYS
from meshpeek.workshop.model import NormalisationRule
from meshpeek.workshop.parse import parse
from meshpeek.workshop.parse.setting_blocks.front_matter_keys import READERS
from meshpeek.workshop.parse.vocabulary import (
    ANNOTATIONS,
    BUILTIN_HOOKS,
    BUILTIN_MACROS,
    DIRECTIVES,
    HOOK_VARIABLE_PREFIX,
)
from tests.conftest import ROOT, RunProgram

README = (ROOT / "README.md").read_text()
RUNNING = (ROOT / "docs" / "running.md").read_text()
WRITING = (ROOT / "docs" / "writing.md").read_text()
PRESENTING = (ROOT / "docs" / "presenting.md").read_text()
DIALECT = (ROOT / "docs" / "dialect.md").read_text()
TRANSCRIPTS = (ROOT / "docs" / "transcripts.md").read_text()
MAKEFILE = (ROOT / "Makefile").read_text()


def fences(text: str, language: str) -> list[str]:
    return re.findall(rf"^(`{{3,}}){language}\n(.*?)^\1$", text, re.MULTILINE | re.DOTALL)


def read_nothing(path: str) -> str:
    raise AssertionError(path)


def row(cell: str, meaning: str) -> str:
    return f"| `{cell.replace('|', 'or')}` | {meaning} |"


def test_the_table_of_keys_is_that_of_the_bindings() -> None:
    rows = [
        f"| `{binding.action}` | {', '.join(f'`{key}`' for key in binding.keys)} |"
        f" {binding.meaning} |"
        for binding in BINDINGS
    ]
    table = "\n".join(["| action | keys | what it does |", "|---|---|---|", *rows])
    assert f"\n\n{table}\n\n" in PRESENTING
    assert PRESENTING.count(rows[0]) == 1


def test_the_sample_of_own_keys_is_accepted() -> None:
    ((_, sample),) = fences(PRESENTING, "toml")
    assert parse_bindings(sample, "config.toml") != BINDINGS
    for name in re.findall(r"`([a-z0-9-]+)`", PRESENTING.partition("or a name: ")[2].split(".")[0]):
        assert name in NAMED_KEYS


@pytest.mark.parametrize("word", DIRECTIVES.values(), ids=lambda word: word.name)
def test_the_dialect_lists_every_directive(word: object) -> None:
    assert row(f"@{word.usage}", word.meaning) in DIALECT  # type: ignore[attr-defined]


@pytest.mark.parametrize("word", ANNOTATIONS.values(), ids=lambda word: word.name)
def test_the_dialect_lists_every_annotation(word: object) -> None:
    assert row(word.usage, word.meaning) in DIALECT  # type: ignore[attr-defined]


def test_the_dialect_lists_every_builtin_macro_and_hook() -> None:
    listed = re.findall(r"^\| `@([a-z_0-9]+)[ `]", DIALECT, re.MULTILINE)
    assert set(listed) == {*DIRECTIVES, *BUILTIN_MACROS, *BUILTIN_HOOKS} - {"SHOW", "HIDE", "SKIP"}
    for name, variable in BUILTIN_HOOKS.items():
        assert f"| `@{name}` | `{HOOK_VARIABLE_PREFIX}{variable}` |" in DIALECT


@pytest.mark.slow
def test_the_readme_shows_what_the_workshop_shows(meshpeek: RunProgram) -> None:
    ((_, sample),) = fences(README, "text")
    shown = meshpeek("run", "--rehearse", "--pace", "0", "workshop.md", cwd=ROOT, COLUMNS="100")
    screen = [without_what_changes(line) for line in shown.stdout.splitlines()]
    lines = [without_what_changes(line) for line in sample.splitlines()]
    start = screen.index(lines[0])
    assert screen[start : start + len(lines)] == lines


def without_what_changes(line: str) -> str:
    """Return `line` without addresses and ages, and without blanks at its end."""
    line = re.sub(r"10\.43\.\d+\.\d+ +", "ADDRESS ", line)
    return re.sub(r" {3,}[\dms]+$", " AGE", line).rstrip()


def test_writers_are_told_of_every_annotation_and_key() -> None:
    annotations = WRITING.partition("## Annotations")[2].partition("\n## ")[0]
    assert set(ANNOTATIONS) <= set(re.findall(r"`([a-z-]+)[ `]", annotations))
    assert re.findall(r"^\| `([a-z-]+)` \|", WRITING, re.MULTILINE) == list(READERS)


def test_the_sample_workshop_parses() -> None:
    sample = next(sample for _, sample in fences(WRITING, "markdown"))
    workshop = parse(sample, "sample.md", read_nothing)
    (command,) = [step for step in workshop.steps if step.kind == "command"]
    assert command.text.startswith("kubectl --context north get endpoints")


def test_the_sample_front_matter_is_taken() -> None:
    samples = [sample for _, sample in fences(WRITING, "markdown")]
    (sample,) = (sample for sample in samples if sample.startswith("<!-- meshpeek:"))
    workshop = parse(sample, "sample.md", read_nothing)
    assert [context.name for context in workshop.front_matter.contexts] == ["north", "east"]
    assert workshop.front_matter.timeout == 120


def test_the_commands_exist(meshpeek: RunProgram) -> None:
    described = meshpeek("--help").stdout
    for command in re.findall(r"`meshpeek ([a-z]+) ", README + RUNNING + WRITING):
        assert f"\n  {command} " in described
    for target in re.findall(r"`make ([a-z-]+)", README):
        assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


def test_the_exit_codes_are_the_codes() -> None:
    section = RUNNING.partition("## Exit codes\n")[2].partition("\n## ")[0]
    assert [int(number) for number in re.findall(r"(?m)^\| (\d+) \|", section)] == list(ExitCode)
    order = section.partition("the worst: ")[2].partition(". ")[0]
    codes = [ExitCode(int(number)) for number in re.findall(r"\d+", order)]
    assert set(codes) == set(ExitCode) - {ExitCode.PASSED}
    assert all(worst_of(pair) is pair[0] for pair in pairwise(codes))


@pytest.mark.parametrize("document", [*ROOT.glob("*.md"), *ROOT.glob("*/*.md")], ids=str)
def test_links_between_files_lead_somewhere(document: Path) -> None:
    if document.is_relative_to(ROOT / ".venv"):
        return
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
        assert (document.parent / target).exists()


def test_the_readme_leads_to_every_document() -> None:
    for document in (ROOT / "docs").glob("*.md"):
        assert f"](docs/{document.name})" in README


def test_the_transcript_sample_is_read() -> None:
    ((_, setting),) = fences(TRANSCRIPTS, "markdown")
    ((_, sample),) = fences(TRANSCRIPTS, "yaml")
    (step,) = read_transcript(sample, "sample.yaml").steps
    assert step.status == 1
    normalise = parse(setting, "sample.md", read_nothing).front_matter.normalise
    assert normalise.off == {NormalisationRule.ORDER, NormalisationRule.PORTS}
    assert [rule.pattern.sub(rule.text, "build 7") for rule in normalise.replacements] == [
        "build N"
    ]


def test_the_transcripts_page_lists_every_rule() -> None:
    listed = re.findall(r"^\| `([a-z-]+)` \|", TRANSCRIPTS, re.MULTILINE)
    assert listed == list(NormalisationRule)


def test_pictures_are_there_and_small() -> None:
    documents = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    pictures = {
        document.parent / path
        for document in documents
        for path in re.findall(r"[\w./-]+\.png", document.read_text())
    }
    assert len(pictures) >= 3
    assert all(picture.stat().st_size <= 200_000 for picture in pictures)


def test_the_plan_in_the_presenting_page_is_one_for_the_workshop() -> None:
    (sample,) = (text for _, text in fences(PRESENTING, "markdown") if "minutes" in text)
    assert sample in (ROOT / "workshop.md").read_text()


def test_the_map_of_the_code_names_what_is_there() -> None:
    text = (ROOT / "docs" / "development.md").read_text()
    named = set(re.findall(r"`((?:\w+/)+(?:[\w-]+\.\w+)?|errors\.py|__main__\.py)`", text))
    assert len(named) > 40
    for path in named:
        assert (ROOT / "src" / "meshpeek" / path).exists() or (ROOT / path).exists(), path


def test_the_map_of_the_code_tells_the_order_of_the_rooms() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    (rooms,) = (each for each in contracts if each.get("containers") == ["meshpeek"])
    text = (ROOT / "docs" / "development.md").read_text()
    assert " → ".join(rooms["layers"]) in text
