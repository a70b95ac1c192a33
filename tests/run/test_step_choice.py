"""Which commands a choice leaves out: by tag, by name, by section."""

from __future__ import annotations

import pytest

from meshpeek.errors import InputError
from meshpeek.run.step_choice import Choice
from meshpeek.workshop.model import Command, Workshop
from meshpeek.workshop.parse import parse

TEXT = """
```bash
prepare
```

<!-- @SHOW -->

# One

```bash
## meshpeek: tags smoke slow
one
```

## Sub

```bash
#@immed
hidden
sub
```

# Two

```bash
## meshpeek: name two
two
## meshpeek: tags smoke
last
## meshpeek: always
clean
```
"""


def workshop() -> Workshop:
    return parse(TEXT, "w.md", lambda path: pytest.fail(path))


def ran(choice: Choice) -> str:
    left_out = choice.left_out(workshop())
    return " ".join(
        step.text
        for index, step in enumerate(workshop().steps)
        if isinstance(step, Command) and index not in left_out
    )


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(), "prepare one hidden sub two last clean"),
        (Choice(tags=frozenset({"smoke"})), "prepare one hidden last clean"),
        (Choice(tags=frozenset({"slow", "other"})), "prepare one clean"),
        (Choice(names=frozenset({"two"})), "prepare hidden two clean"),
        (Choice(start="Two"), "prepare hidden two last clean"),
        (Choice(until="One"), "prepare one hidden sub clean"),
        (Choice(start="Sub", until="Sub"), "prepare hidden sub clean"),
        (Choice(until="two"), "prepare one hidden sub two clean"),
        (Choice(until=":13"), "prepare one clean"),
        (Choice(tags=frozenset({"smoke"}), until="One"), "prepare one clean"),
        (Choice(names=frozenset({"two"}), until="One"), ""),
        (Choice(tags=frozenset({"nope"})), ""),
    ],
)
def test_what_runs(choice: Choice, expected: str) -> None:
    assert ran(choice) == expected
    assert choice.chooses(workshop()) == bool(expected)


def test_the_reason_is_what_was_asked_for() -> None:
    choice = Choice(frozenset({"b", "a"}), frozenset({"n"}), "One", "Two")
    assert choice.told == "--tags a,b --name n --from One --until Two"
    reasons = Choice(until="One").left_out(workshop()).values()
    assert set(reasons) == {"not chosen by --until One"}


@pytest.mark.parametrize("choice", [Choice(start="Thr"), Choice(until="Thr")])
def test_an_unknown_section_is_an_error(choice: Choice) -> None:
    with pytest.raises(InputError, match="no step or section `Thr`"):
        choice.chooses(workshop())
