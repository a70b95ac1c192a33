"""What a workshop is once it has been read: frozen data, the same for every way of running it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from meshpeek.workshop.spans import Span
from meshpeek.workshop.values import Value


class Mode(StrEnum):
    """How a workshop is run; also the words that `only` and `skip` annotations take."""

    PRESENT = "present"
    RUN = "run"
    CI = "ci"


REHEARSE = "rehearse"
"""The one word beside the modes that `only` and `skip` take: a run on rehearsal clusters."""


SHORTEST_SECRET = 4
"""The fewest characters that a secret's value may have: a shorter one would be found everywhere."""


class Expectation(Value):
    r"""What a step's output must (or must not) contain: a substring, or a regular expression.

    `source` is the annotation's own words, for messages: `color2-west` or `/color2-\\w+/`.
    """

    pattern: re.Pattern[str]
    source: str

    def found_in(self, output: str) -> bool:
        """Tell whether `output` (text without escape sequences) contains this."""
        return self.pattern.search(output) is not None


class Checks(Value):
    """How a command's result is judged; the annotations of the `meshpeek:` vocabulary.

    `expect_error` is for standard error alone. `exit_status` is the expected status, None for any.
    `timeout`, `stop` and `until` are seconds: `timeout` bounds one attempt (None: the run's
    default), `stop` is when an attempt is ended and passes (None: it ends by itself), `until`
    allows attempts to be repeated for that long (None: one attempt).
    """

    expect: tuple[Expectation, ...] = ()
    reject: tuple[Expectation, ...] = ()
    expect_error: tuple[Expectation, ...] = ()
    exit_status: int | None = 0
    timeout: float | None = None
    stop: float | None = None
    until: float | None = None


class Edit(Value):
    """What `$EDITOR` does to its file when nobody is at the keyboard.

    Either `command`, a shell command that is given the file's path as its last argument, or
    `patch`, an RFC 6902 JSON Patch (as JSON text) for the YAML document in the file.
    """

    command: str | None = None
    patch: str | None = None


class PromptAnswer(Value):
    """What is typed, once, when a command's output contains `prompt`.

    `$NAME` and `${NAME}` in `text` stand for exported variables of the session.
    """

    prompt: Expectation
    text: str


class Selection(Value):
    """In which runs a step takes part: words are a `Mode`'s value or `rehearse`."""

    only: frozenset[str] = frozenset()
    skip: frozenset[str] = frozenset()

    def excluded_by(self, words: frozenset[str]) -> str | None:
        """Return why a run described by `words` leaves the step out, or None if it does not."""
        if self.only and not self.only & words:
            return f"only {' '.join(sorted(self.only))}"
        if self.skip & words:
            return f"skip {' '.join(sorted(self.skip & words))}"
        return None


_NO_CHECKS, _EVERY_RUN = Checks(), Selection()


class Section(Value):
    """A heading and what follows it, up to the next heading of any level.

    `title` is plain text. Steps before the first heading are in a section with an empty title,
    level 0.
    """

    title: str
    level: int
    span: Span


class Step(Value):
    """What all kinds of step share. `section` is an index into the workshop's sections."""

    text: str
    span: Span
    section: int
    shown: bool

    @property
    def kind(self) -> str:
        """The kind's public name, as in `steps --json`."""
        return type(self).__name__.lower()


class Narration(Step):
    """Prose to read: `text` is Markdown, without comments and directives."""


class Comment(Step):
    """`#` lines of a fence or script, shown as they are written."""


class Print(Step):
    """`@print`: text shown also while hidden. `${VAR}` in it is filled in by the session."""


class Pause(Step):
    """`@wait`: the presenter decides when to go on. Its `text` is empty."""


class Clear(Step):
    """`@clear`, or the clear of a builtin macro: an empty screen. Its `text` is empty."""


class Command(Step):
    """One complete bash command, exactly as the workshop has it.

    `shown`: displayed before it runs. `typed`: displayed character by character rather than at
    once. `wait_before` and `wait_after`: whether the run waits for a presenter. `runs` is False for
    `#$` lines, which are displayed and never run. `directive` is the word of the directive the
    command comes from (`@show_5` gives `show_5`), an empty string for a line of a fence.
    `contexts` are the cluster contexts it names, in order, each once. `pipeline` says that its
    last statement is a pipeline (`a | b`, not `! a | b`), so that the statuses of the parts count.
    `comparing` has the places, counted from the end (-1 is the last), of those of its simple
    commands that end with 1 where files differ (`diff`, `cmp`).
    `stops_run` says that `set -e` is in force in the workshop: a failure here ends the run.
    """

    typed: bool
    wait_before: bool
    wait_after: bool
    runs: bool = True
    directive: str = ""
    contexts: tuple[str, ...] = ()
    pipeline: bool = False
    comparing: tuple[int, ...] = ()
    stops_run: bool = False
    checks: Checks = _NO_CHECKS
    edit: Edit | None = None
    answers: tuple[PromptAnswer, ...] = ()
    selection: Selection = _EVERY_RUN
    always: bool = False
    name: str | None = None
    tags: frozenset[str] = frozenset()
    note: str | None = None


AnyStep = Narration | Comment | Print | Pause | Clear | Command


class Context(Value):
    """A cluster the workshop may touch: its kubeconfig context, and a colour for its badge."""

    name: str
    colour: str


class StandIn(StrEnum):
    """What stand-ins replace when nobody is at the keyboard: the words of `stand-ins`."""

    PAGERS = "pagers"
    WATCH = "watch"
    EDITORS = "editors"
    BROWSERS = "browsers"


class NormalisationRule(StrEnum):
    """What is made equal before outputs are compared: the words of `normalise: {off: […]}`."""

    ADDRESSES = "addresses"
    AGES = "ages"
    DURATIONS = "durations"
    HASHES = "hashes"
    ORDER = "order"
    PORTS = "ports"
    RESOURCE_VERSIONS = "resource-versions"
    TIMESTAMPS = "timestamps"
    UIDS = "uids"
    WIDTHS = "widths"


class Replacement(Value):
    """A workshop's own rule: what `pattern` finds in a line becomes `text`."""

    pattern: re.Pattern[str]
    text: str


class Normalisation(Value):
    """How outputs are made comparable: the rules that are `off`, and the workshop's own."""

    off: frozenset[NormalisationRule] = frozenset()
    replacements: tuple[Replacement, ...] = ()


_NOTHING: Mapping[str, Any] = MappingProxyType({})


class SectionPlan(Value):
    """How many minutes a section should take, and the line that says so."""

    title: str
    minutes: float
    line: int


class FrontMatter(Value):
    """The file-wide settings: a comment at the top of a workshop, or YAML front matter.

    `current` is the context that commands without one reach; None: the only one, or none.
    `requires` maps a tool to its minimum version (an empty string: any). `env` is set in the
    session. `secrets` names the variables, of `env` or of the caller's environment, whose values
    are hidden. `timeout` bounds a command, in seconds (None: the run's default).
    `size` is that of the terminal where nobody has one: columns and rows.
    `minutes` is the plan of a talk.
    `stand_ins` are the kinds of programs that stand-ins replace when nobody is at the keyboard.
    `normalise` is for comparing outputs with a transcript. `rehearsal` says what each embedded
    cluster holds at the start, as the YAML has it:
    `{CONTEXT: {manifests: [PATH, …], links: [CONTEXT, …], install: [NAME, …]}}`, paths relative to
    the workshop. `install` is for the clusters that have none of their own (None: what they call
    for). `sealed`: a rehearsal has a network of its own.
    `pytest` says whether pytest collects it by itself. `matrix` has the versions that CI tests it
    with, by product, in every combination. `lint` has the codes of what lint does not warn of.
    """

    contexts: tuple[Context, ...] = ()
    current: str | None = None
    requires: Mapping[str, str] = _NOTHING
    env: Mapping[str, str] = _NOTHING
    secrets: frozenset[str] = frozenset()
    timeout: float | None = None
    size: tuple[int, int] | None = None
    minutes: tuple[SectionPlan, ...] = ()
    stand_ins: frozenset[StandIn] = frozenset(StandIn)
    normalise: Normalisation = Normalisation()
    install: tuple[str, ...] | None = None
    rehearsal: Mapping[str, Any] = _NOTHING
    sealed: bool = False
    pytest: bool = False
    matrix: Mapping[str, tuple[str, ...]] = _NOTHING
    lint: frozenset[str] = frozenset()


class SpeakerNote(Value):
    """An HTML comment that is neither directive nor annotation: a note for the presenter."""

    text: str
    span: Span


class Workshop(Value):
    """A workshop that can be run: steps in the order in which they run, and their sections.

    `speaker_notes` are in the order of their files and lines. `files` are the paths of those that
    it was made of: itself, and what it imports. `hooked` are the indexes of the steps that are
    there only because a hook is set.
    """

    path: str
    front_matter: FrontMatter
    sections: tuple[Section, ...]
    steps: tuple[AnyStep, ...]
    speaker_notes: tuple[SpeakerNote, ...] = ()
    files: tuple[str, ...] = ()
    hooked: frozenset[int] = frozenset()

    def numbers(self) -> tuple[int | None, ...]:
        """Return the steps' numbers, from 1: the same with all hooks, whose steps have none."""
        count = itertools.count(1)
        return tuple(
            None if index in self.hooked else next(count) for index in range(len(self.steps))
        )
