"""Building steps from what was loaded: what each shows, types and waits for is settled here."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from meshpeek.workshop.bash import read_command, unquote
from meshpeek.workshop.model import (
    AnyStep,
    Clear,
    Command,
    Comment,
    Narration,
    Pause,
    Print,
    Section,
    SectionPlan,
    Workshop,
)
from meshpeek.workshop.parse.annotations import annotate
from meshpeek.workshop.parse.comparing import find_comparing
from meshpeek.workshop.parse.contexts import find_contexts
from meshpeek.workshop.parse.directives import command_of, is_known
from meshpeek.workshop.parse.elements import (
    Annotation,
    Bash,
    Directive,
    Element,
    Heading,
    Prose,
    ShellComment,
    TypedLine,
)
from meshpeek.workshop.parse.imports import Conditional, Hook, Macro, Program
from meshpeek.workshop.parse.suggestions import suggest
from meshpeek.workshop.parse.vocabulary import HOOK_VARIABLE_PREFIX
from meshpeek.workshop.spans import Span

_SHELL_OPTIONS = re.compile(r"[-+][A-Za-z]+")
_MOST_NESTED_USES = 10_000
_DEEPEST_USE = 10


@dataclass(slots=True)
class _State:
    """What directives have set, in the workshop or inside a macro."""

    shows: bool = False
    skips: bool = False
    modifiers: dict[str, bool] = field(default_factory=dict)
    annotations: list[Annotation] = field(default_factory=list)
    trailing: list[Annotation] = field(default_factory=list)
    """Those of `annotations` that stand right behind a command, before anything else."""
    after_command: bool = False


def build_workshop(path: str, program: Program, hooks: Mapping[str, str]) -> Workshop:
    """Return the workshop that `program`, the file `path` and its imports, stands for.

    `hooks` are the values of `DEMO_HOOK_…` variables by their full names. Problems are added to
    those of the program.
    """
    builder = _Builder(program, hooks)
    builder.build(path)
    _check_plan(path, program, [section.title for section in builder.sections])
    settings = program.front_matter
    if builder.plans:
        settings = settings.replace(minutes=(*settings.minutes, *builder.plans))
    notes = (note for document in program.documents.values() for note in document.speaker_notes)
    return Workshop(
        path,
        settings,
        tuple(builder.sections),
        tuple(builder.steps),
        tuple(notes),
        tuple(program.documents),
        frozenset(builder.hooked),
    )


def _check_plan(path: str, program: Program, titles: Sequence[str]) -> None:
    """Report the sections that the settings plan minutes for and that do not exist."""
    for planned in program.front_matter.minutes:
        if planned.title not in titles:
            document = program.documents[path]
            column = max(0, document.lines[planned.line - 1].find(planned.title[:1])) + 1
            span = Span(path, planned.line, planned.line, column, max(1, len(planned.title)))
            hint = suggest(planned.title, [title for title in titles if title])
            document.report(span, f"unknown section `{planned.title}`", hint)


class _Builder:
    def __init__(self, program: Program, hooks: Mapping[str, str]) -> None:
        self._program = program
        self._hooks = hooks
        self._state = _State()
        self._using: list[str] = []
        self._nested_uses = 0
        self._used_at: Span | None = None
        self._stops_run = False
        self._names: dict[str, Span] = {}
        self.sections: list[Section] = []
        self.plans: list[SectionPlan] = []
        self.steps: list[AnyStep] = []
        self.hooked: list[int] = []
        self._is_hooked = False

    def build(self, path: str) -> None:
        self._run(self._program.items)
        self._report_unused(self._state.annotations)
        if not self.sections:
            self._begin_section("", 0, Span(path, 1, 1))

    def _run_conditional(self, conditional: Conditional) -> None:
        if self._command_of_hook(conditional.hook):
            outer, self._is_hooked = self._is_hooked, True
            self._run(conditional.items)
            self._is_hooked = outer

    def _run(self, items: Sequence[Element | Conditional]) -> None:
        for item in items:
            match item:
                case Heading(title, level, span):
                    self._report_too_late(
                        self._state.annotations, "has no command before the next heading"
                    )
                    if not self._state.skips and not self._using:
                        self._begin_section(title, level, span)
                case Conditional():
                    self._run_conditional(item)
                case Directive():
                    self._state.after_command = False
                    self._run_directive(item)
                case Annotation("minutes", minutes, span):
                    self._plan_section(minutes, span)
                case Annotation("allow"):
                    pass  # it is for lint
                case Annotation("output", _, span):
                    self._report(
                        span,
                        "`output` is not before a block of output",
                        "remove it: it marks what `meshpeek handout --with-output` writes",
                    )
                case Annotation():
                    self._state.annotations.append(item)
                    if self._state.after_command:
                        self._state.trailing.append(item)
                case Bash():
                    self._state.trailing.clear()
                    self._run_bash(item)
                    self._state.after_command = True
                case _:
                    self._report_too_late(
                        self._state.trailing, "stands behind a command, and is for the next one"
                    )
                    self._state.after_command = False
                    self._show(item)

    def _begin_section(self, title: str, level: int, span: Span) -> None:
        self.sections.append(Section(title, level, span))

    def _plan_section(self, minutes: float, span: Span) -> None:
        if self._state.skips:
            return
        if not self._is_below_heading(span):
            self._report(
                span,
                "`minutes` is not below a heading",
                "move it to the line below the heading of its section",
            )
            return
        title = self.sections[-1].title
        planned = [plan.title for plan in (*self._program.front_matter.minutes, *self.plans)]
        if title in planned:
            self._report(span, f"duplicate `minutes` for section `{title}`", "keep one of them")
            return
        self.plans.append(SectionPlan(title, minutes, span.line))

    def _is_below_heading(self, span: Span) -> bool:
        """Tell whether only comments stand between the last heading and the line of `span`."""
        heading = self.sections[-1].span if self.sections else None
        document = self._program.documents.get(span.path)
        if heading is None or document is None or heading.path != span.path:
            return False
        between = document.lines[heading.end_line : span.line - 1]
        return bool(self.sections[-1].title) and all(
            not line.strip() or line.startswith("<!--") for line in between
        )

    def _add(self, step: AnyStep) -> None:
        if self._is_hooked:
            self.hooked.append(len(self.steps))
        self.steps.append(step)

    def _section(self, span: Span) -> int:
        if not self.sections:
            self._begin_section("", 0, span)
        return len(self.sections) - 1

    def _place(self, span: Span) -> Span:
        """Return a step's place: the steps of a builtin macro are where it is used."""
        return self._used_at or span

    def _show(self, item: Prose | ShellComment | TypedLine) -> None:
        state = self._state
        if state.skips:
            return
        if isinstance(item, TypedLine):
            span = self._place(item.span)
            self._add(
                Command(
                    item.text,
                    span,
                    self._section(span),
                    shown=True,
                    typed=True,
                    wait_before=False,
                    wait_after=False,
                    runs=False,
                )
            )
        elif not self._using:
            kind = Narration if isinstance(item, Prose) else Comment
            self._add(kind(item.text, item.span, self._section(item.span), state.shows))

    def _run_directive(self, directive: Directive) -> None:
        state = self._state
        if directive.word == "SHOW" and not directive.argument:
            state.shows, state.skips = True, False
        elif state.skips:
            return
        elif directive.word in self._program.names:
            self._use(directive.word, directive.span)
        elif is_known(directive):
            self._run_known(directive)
        else:
            self._run_word(directive)

    def _run_known(self, directive: Directive) -> None:
        state = self._state
        match directive.word:
            case "HIDE":
                state.shows = False
            case "SKIP":
                state.skips = True
            case "waitafter":
                state.modifiers["wait_after"] = True
            case "nowaitbefore":
                state.modifiers["wait_before"] = False
            case "noshow":
                state.modifiers["shown"] = False
            case "notypeout":
                state.modifiers["typed"] = False
            case "immed" | "immediate":
                state.modifiers.update(shown=False, wait_before=False, wait_after=False)
            case "wait":
                self._pause(directive.span)
            case "clear":
                state.modifiers.clear()
                span = self._place(directive.span)
                self._add(Clear("", span, self._section(span), shown=True))
            case _:
                self._print(directive)

    def _pause(self, span: Span) -> None:
        self._state.modifiers.clear()
        span = self._place(span)
        self._add(Pause("", span, self._section(span), shown=True))

    def _print(self, directive: Directive) -> None:
        self._state.modifiers.clear()
        if not directive.argument:
            if self._state.shows:
                self._pause(directive.span)
            return
        span = self._place(directive.span)
        text = _printed_text(directive.argument)
        self._add(Print(text, span, self._section(span), shown=True))

    def _run_word(self, directive: Directive) -> None:
        """Run a word that is not a directive: at once, and not displayed."""
        text = command_of(directive)
        bash = _read_bash(text, directive.span)
        self._state.modifiers = {"shown": False, "wait_before": False, "wait_after": False}
        self._add_command(bash, directive=directive.word)

    def _run_bash(self, bash: Bash) -> None:
        if self._state.skips:
            self._state.annotations.clear()
            return
        first = bash.commands[0][0] if bash.commands else ""
        is_name = first in self._program.names and bash.text.split()[0] == first
        if is_name and first not in self._using:
            self._show_name(bash)
            self._use(first, bash.span)
        else:
            self._add_command(bash)

    def _show_name(self, bash: Bash) -> None:
        """Show the bare name of a macro or a hook in a fence as the command that it looks like."""
        modifiers = self._state.modifiers
        if not self._state.shows or not modifiers.get("shown", True):
            return
        span = self._place(bash.span)
        self._add(
            Command(
                bash.text,
                span,
                self._section(span),
                shown=True,
                typed=modifiers.get("typed", True),
                wait_before=modifiers.get("wait_before", True),
                wait_after=False,
                runs=False,
            )
        )

    def _add_command(self, bash: Bash, *, directive: str = "") -> None:
        state = self._state
        modifiers, state.modifiers = state.modifiers, {}
        annotations, state.annotations = state.annotations, []
        shown = state.shows and modifiers.get("shown", True)
        span = self._place(bash.span)
        self._note_errexit(bash)
        command = Command(
            bash.text,
            span,
            self._section(span),
            shown,
            typed=shown and modifiers.get("typed", True),
            wait_before=shown and modifiers.get("wait_before", True),
            wait_after=state.shows and modifiers.get("wait_after", False),
            directive=directive,
            contexts=find_contexts(bash.text, bash.commands),
            pipeline=bash.pipeline,
            comparing=find_comparing(bash.text, bash.commands),
            stops_run=self._stops_run,
        )
        if annotations:
            command = annotate(command, annotations, self._program.documents)
            self._claim_name(command, annotations)
        self._add(command)

    def _claim_name(self, command: Command, annotations: Sequence[Annotation]) -> None:
        if command.name is None:
            return
        span = next(a.span for a in annotations if a.word == "name")
        first = self._names.setdefault(command.name, span)
        if first is not span:
            self._report(
                span,
                f"duplicate name `{command.name}`, already used at {first}",
                "give each command a name of its own, and none inside a macro",
            )

    def _note_errexit(self, bash: Bash) -> None:
        """Follow `set -e` and `set +e`, as the first thing of a line."""
        words = [unquote(word) or "" for word in bash.commands[0]] if bash.commands else []
        if words[:1] != ["set"] or bash.text.split()[0] != "set":
            return
        options = iter(words[1:])
        for option in options:
            if not _SHELL_OPTIONS.fullmatch(option):
                return
            name = next(options, "") if "o" in option else ""
            if "e" in option or name == "errexit":
                self._stops_run = option[0] == "-"

    def _command_of_hook(self, name: str) -> str:
        """Return the command that the hook runs, '' if there is none."""
        hook = self._program.names.get(name)
        if not isinstance(hook, Hook):
            return ""
        return self._hooks.get(HOOK_VARIABLE_PREFIX + hook.variable, "")

    def _use(self, name: str, span: Span) -> None:
        """Put a macro's or a hook's steps in place of its name."""
        self._state.modifiers.clear()
        definition = self._program.names[name]
        if isinstance(definition, Hook):
            self._run_hook(name, span)
        elif name in self._using:
            self._report(span, f"macro `{name}` uses itself", "remove this line")
        elif self._is_too_much():
            self._report(
                span, "macros use each other too often", "write the commands in place of some uses"
            )
        else:
            self._run_macro(name, definition, span)

    def _is_too_much(self) -> bool:
        self._nested_uses += bool(self._using)
        return len(self._using) > _DEEPEST_USE or self._nested_uses > _MOST_NESTED_USES

    def _run_hook(self, name: str, span: Span) -> None:
        text = self._command_of_hook(name)
        if not text:
            return
        annotations, self._state.annotations = self._state.annotations, []
        shows, self._state.shows = self._state.shows, False
        outer, self._is_hooked = self._is_hooked, True
        self._add_command(_read_bash(text, span), directive=name)
        self._is_hooked = outer
        self._state.shows = shows
        self._state.annotations = annotations

    def _run_macro(self, name: str, macro: Macro, span: Span) -> None:
        outer, self._state = self._state, _State()
        outer_use = self._used_at
        if macro.directive is None:
            self._used_at = self._place(span)
        else:
            self._used_at = None
        self._using.append(name)
        self._run(macro.items)
        self._using.pop()
        self._report_unused(self._state.annotations)
        self._used_at = outer_use
        self._state = outer

    def _report_too_late(self, annotations: list[Annotation], message: str) -> None:
        """Report annotations between a command and the text or the heading of another one."""
        for annotation in annotations:
            self._report(
                annotation.span,
                f"`{annotation.word}` {message}",
                "move it before the fence that it is for, with nothing but annotations in between",
            )
        late = {id(annotation) for annotation in annotations}
        self._state.annotations = [a for a in self._state.annotations if id(a) not in late]
        self._state.trailing = []

    def _report_unused(self, annotations: Sequence[Annotation]) -> None:
        for annotation in annotations:
            self._report(
                annotation.span,
                f"`{annotation.word}` has no command after it",
                "move it before its command, or remove it",
            )

    def _report(self, span: Span, message: str, hint: str) -> None:
        document = self._program.documents.get(span.path)
        if document is not None:
            document.report(span, message, hint)


def _read_bash(text: str, span: Span) -> Bash:
    command = read_command(text, 0)
    return Bash(text, span, command.commands, command.pipeline)


def _printed_text(argument: str) -> str:
    """Return what demosh's `print` prints: shell words, put together with single blanks."""
    text = argument.replace("\\\n", "\n")
    try:
        return "\n".join(" ".join(shlex.split(line)) for line in text.split("\n"))
    except ValueError:
        return text
