"""The words of the dialect: directives, builtin macros and hooks, and meshpeek's annotations.

The parser itself uses these tables, so a manual checked against them is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class Argument(StrEnum):
    """Whether a word takes an argument."""

    NONE = "none"
    OPTIONAL = "optional"
    REQUIRED = "required"


class Word(NamedTuple):
    """One word of a vocabulary: how it is written, and what it means in one sentence.

    `usage` is the word with the names of its arguments, as a manual shows it. `repeatable`
    says whether an annotation may be given more than once for the same command.
    """

    name: str
    usage: str
    meaning: str
    argument: Argument = Argument.NONE
    repeatable: bool = False


def _table(*words: Word) -> Mapping[str, Word]:
    return {word.name: word for word in words}


DIRECTIVES = _table(
    Word("SHOW", "SHOW", "Show narration, type commands and wait from here on; end SKIP."),
    Word("HIDE", "HIDE", "Stop showing: commands run at once, and nothing is displayed."),
    Word("SKIP", "SKIP", "Leave out everything until the next SHOW."),
    Word("wait", "wait", "Wait for RETURN, also while hidden."),
    Word("waitafter", "waitafter", "The next command: wait after it, too."),
    Word("nowaitbefore", "nowaitbefore", "The next command: do not wait before it."),
    Word("noshow", "noshow", "The next command: do not display it."),
    Word("notypeout", "notypeout", "The next command: display it at once, without typing."),
    Word("immed", "immed", "The next command: run it at once, without displaying it."),
    Word("immediate", "immediate", "The same as immed."),
    Word(
        "print",
        "print [TEXT]",
        "Print text, also while hidden; without text, wait for RETURN while showing.",
        Argument.OPTIONAL,
    ),
    Word("clear", "clear", "Clear the screen."),
    Word(
        "import",
        "import PATH",
        "Read another file here: Markdown if its name ends in .md, else a shell script.",
        Argument.REQUIRED,
    ),
    Word(
        "macro",
        "macro NAME",
        "Begin a macro: the lines up to end, run hidden wherever @NAME stands.",
        Argument.REQUIRED,
    ),
    Word("end", "end", "End a macro."),
    Word(
        "hook",
        "hook NAME VAR",
        "Make @NAME run the command in $DEMO_HOOK_VAR, or nothing while that is unset.",
        Argument.REQUIRED,
    ),
    Word(
        "ifhook",
        "ifhook NAME",
        "Use the lines up to endif only if the hook NAME does something.",
        Argument.REQUIRED,
    ),
    Word("endif", "endif", "End an ifhook."),
)
"""What may follow `<!-- @` in Markdown and `#@` in a fence; any other word is run as a command."""

ANNOTATIONS = _table(
    Word(
        "expect",
        "expect TEXT | /REGEX/",
        "The output must contain this.",
        Argument.REQUIRED,
        repeatable=True,
    ),
    Word(
        "reject",
        "reject TEXT | /REGEX/",
        "The output must not contain this.",
        Argument.REQUIRED,
        repeatable=True,
    ),
    Word(
        "expect-error",
        "expect-error TEXT | /REGEX/",
        "Standard error alone must contain this.",
        Argument.REQUIRED,
        repeatable=True,
    ),
    Word("exit", "exit STATUS | any", "The expected exit status, instead of 0.", Argument.REQUIRED),
    Word("timeout", "timeout DURATION", "End the command after this long.", Argument.REQUIRED),
    Word(
        "stop",
        "stop DURATION",
        "With nobody at the keyboard: end the command after this long; it passes.",
        Argument.REQUIRED,
    ),
    Word(
        "until",
        "until DURATION",
        "Repeat the command for up to this long, until it passes.",
        Argument.REQUIRED,
    ),
    Word(
        "answer",
        "answer /REGEX/ TEXT",
        "With nobody at the keyboard: type this text when the output asks for it.",
        Argument.REQUIRED,
        repeatable=True,
    ),
    Word(
        "editor",
        "editor COMMAND",
        "What $EDITOR does with nobody at the keyboard: run COMMAND on the file.",
        Argument.REQUIRED,
    ),
    Word(
        "patch",
        "patch JSON-PATCH",
        "What $EDITOR does with nobody at the keyboard: apply this JSON Patch (RFC 6902).",
        Argument.REQUIRED,
    ),
    Word(
        "only",
        "only present | run | ci | rehearse …",
        "Run the command in these runs only.",
        Argument.REQUIRED,
    ),
    Word(
        "skip",
        "skip present | run | ci | rehearse …",
        "Leave the command out of these runs.",
        Argument.REQUIRED,
    ),
    Word("name", "name ID", "The command's name, unique in the workshop.", Argument.REQUIRED),
    Word(
        "tags",
        "tags TAG …",
        "Words that reports show with the command.",
        Argument.REQUIRED,
        repeatable=True,
    ),
    Word(
        "note",
        "note TEXT",
        "A note for the presenter, in the list of steps and in reports.",
        Argument.REQUIRED,
    ),
    Word("always", "always", "Run the command even after a failure, to clean up."),
    Word(
        "allow",
        "allow CODE …",
        "Have lint not warn of this, up to the end of the next fence.",
        Argument.REQUIRED,
        repeatable=True,
    ),
    Word(
        "minutes",
        "minutes NUMBER",
        "Below a heading: how long this section should take, in the plan of a talk.",
        Argument.REQUIRED,
    ),
    Word(
        "output",
        "output",
        "Before a block of output that `handout --with-output` writes: it is not shown.",
    ),
)
"""What may follow `meshpeek:` in an HTML comment, or in a `##` line of a fence.

Each is for the next command, but for those in `OF_SECTIONS`, `allow` and `output`.
"""

OF_SECTIONS = frozenset({"minutes"})
"""The annotations that are for the section in which they stand."""


FINDINGS: Mapping[str, str] = {
    "backslash": "A fence ends in a backslash: the command goes on, and nothing follows.",
    "commented-fence": "A fence inside a comment runs.",
    "demosh-modifier": "In demosh, an annotation uses up the modifier that stands before it.",
    "demosh-quote": "A quote in an annotation is not closed, so demosh prints it.",
    "demosh-shows": "With `--for demosh`: a comment that demosh shows to the audience.",
    "difference": "A command such as `diff` ends with 1 where files differ, which fails in `ci`.",
    "edit": "An editor opens, and nobody may be there: no `editor` or `patch` says what it does.",
    "endless": "A command does not end by itself.",
    "endless-skip": "No `@SHOW` ends a `@SKIP`.",
    "front-matter": "With `--for demosh`: settings in front matter, which GitHub shows as a table.",
    "manifest": "A manifest for rehearsals does not exist.",
    "no-command": "A file has no command.",
    "no-context": "Several contexts are listed, and a command names none: it reaches no cluster.",
    "no-expectation": "With `--strict`: a command is judged by its exit status alone.",
    "no-show": "Without `@SHOW` the audience sees nothing.",
    "other-cluster": "A command may reach a cluster that is not listed.",
    "placeholder": "A placeholder such as `<pod-name>`, which bash reads as redirections.",
    "prompt": "A prompt before a command that runs.",
    "read": "`read` waits for a person's input.",
    "session-runs": "A fence such as `shell-session` runs, because it begins with `sh`.",
    "shell-file": "`$SHELL FILE` names a file that does not exist.",
    "shown-not-run": "Commands are shown, and never run.",
    "skip": "A `@SKIP` leaves out a part of the workshop.",
    "tall-page": "More text at once than 24 lines of 80 columns show.",
    "unknown-word": "An `@word` is not a directive, macro, hook or command.",
    "unlisted-context": "A command names a context that the settings do not list.",
    "unused-macro": "A macro is never used.",
}
"""What `meshpeek lint` warns of, by the codes that switch the warnings off."""

HOOK_VARIABLE_PREFIX = "DEMO_HOOK_"

BUILTIN_HOOKS: Mapping[str, str] = {
    "show_terminal": "TERMINAL",
    "show_browser": "BROWSER",
    "show_video": "VIDEO",
    "show_slides": "SLIDES",
    "show_composite": "COMPOSITE",
    **{f"show_{number}": f"SCENE_{number}" for number in range(1, 6)},
}
"""Hooks that exist from the start, and the end of the variable's name that each runs."""

BUILTIN_MACROS: Mapping[str, str] = {
    "wait_clear": "#@wait\n#@clear",
    "browser_then_terminal": (
        "#@ifhook show_browser\n#@ifhook show_terminal\n"
        "#@wait\n#@show_browser\n#@wait\n#@clear\n#@show_terminal\n"
        "#@endif\n#@endif"
    ),
    "start_livecast": (
        "#@ifhook show_slides\n#@ifhook show_terminal\n"
        "#@show_slides\n#@clear\n#@print Waiting...\n#@wait\n#@clear\n#@show_terminal\n"
        "#@endif\n#@endif"
    ),
}
"""Macros that exist from the start, in the dialect itself (demosh 0.6.0 has the same three)."""
