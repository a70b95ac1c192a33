"""Commands that cannot change the shell that runs them: they only start programs.

After such a command bash's variables, functions, options and folder are what they were, so it need
not write its state down again. Only what is sure to be such a command is taken for one.
"""

from __future__ import annotations

import re

# `$?`, `$_` and the like are left out: lines of ours before the command may change them.
_VARIABLE = r"\$(?:[A-Za-z]\w*+|\{[A-Za-z]\w*+\})"
_WORD = (
    rf"(?:[\w./:,@%+=~*?\[\]-]|'[^']*+'|{_VARIABLE}|\\."
    rf'|"(?:[^"\\`$]|\\.|{_VARIABLE})*+")++'
)
_BLANKS = r"(?:[ \t]|\\\n)"
_REDIRECTION = rf"[012]?(?:>>?|<)(?:&[012]|{_BLANKS}*+{_WORD})(?![&<>\w])"
_COMMAND = re.compile(
    rf"\s*+(?P<name>[A-Za-z0-9_./+-]++)(?:{_BLANKS}*+{_REDIRECTION}|{_BLANKS}++{_WORD})*+"
    rf"(?:{_BLANKS}*+(?:(?:\|\|?|&&)(?=\s*+[\w./+-])|;|\n)\s*+|\s*+\Z)",
    re.ASCII | re.DOTALL,
)

_ABOUT_THE_COMMAND_BEFORE = ("PIPESTATUS", "LINENO", "BASH_")
# bash's builtins and reserved words, without those that change nothing (echo, pwd, true …).
_OF_BASH = (
    " . alias bg bind break builtin caller case cd command compgen complete compopt continue coproc"
    " declare dirs disown do done elif else enable esac eval exec exit export fc fg fi for function"
    " getopts hash help history if in jobs kill let local logout mapfile popd printf pushd read"
    " readarray readonly return select set shift shopt source suspend test then time times trap"
    " typeset ulimit umask unalias unset until wait while "
)
_DEFINITION = re.compile(rb"^(?:# |alias (?:-- )?)([^\s=]+)", re.MULTILINE)
_OWN_TRAP = rb"'\{ \\__meshpeek_end "
_OPTIONS = re.compile(rb'^declare -\S+ __meshpeek_options="([^"\n]*)"$', re.MULTILINE)
_HARMLESS_OPTIONS = (
    b":braceexpand:errexit:errtrace:functrace:hashall:interactive-comments:monitor:noclobber:noglob"
    b":physical:pipefail:posix:"
)
_INTERFERING = re.compile(
    rb"^(?:trap -- (?!%s)|declare -\S+ __meshpeek_(?:shopts=.*\b(?:autocd|failglob)\b"
    rb'|(?:ps0|ps1|suspended)=(?!"")|traps=(?!"=")|prompt_command=))' % _OWN_TRAP,
    re.MULTILINE,
)


def programs_of(command: str) -> frozenset[str] | None:
    """Return the programs that a bash command runs, if that is all it does; None if not.

    They may be functions or aliases all the same: only the shell knows.
    """
    if any(name in command for name in _ABOUT_THE_COMMAND_BEFORE):
        return None
    names = set()
    position = 0
    while position < len(command):
        found = _COMMAND.match(command, position)
        if found is None or f" {found['name']} " in _OF_BASH:
            return None
        names.add(found["name"])
        position = found.end()
    return frozenset(names) or None


def definitions_in(state: bytes) -> frozenset[str] | None:
    """Return the names of functions and aliases in a state that bash wrote (see session.bash).

    None if something else may act when bash runs a program: a trap, an option, a prompt. A text
    in a variable may look like all that; then a command is not plain that could be.
    """
    options = _OPTIONS.search(state)
    if options is None:
        return None
    if any(b":%s:" % option not in _HARMLESS_OPTIONS for option in options[1].split(b":")):
        return None
    if _INTERFERING.search(state):
        return None
    return frozenset(name.decode(errors="replace") for name in _DEFINITION.findall(state))
