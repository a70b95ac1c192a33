"""The step that somebody means on the command line."""

from __future__ import annotations

import pytest

from meshpeek.errors import InputError
from meshpeek.workshop.listing import list_steps
from meshpeek.workshop.parse import parse
from meshpeek.workshop.step_address import find_step

TEXT = """\
<!-- @SHOW -->
# Faces

<!-- meshpeek: name first -->

```bash
echo 1
```

## Links run one way

```bash
echo 2
echo 3
```

## Links run both ways

Words.

<!-- @import other.sh -->

## East

<!-- @wait -->
"""
OTHER = "echo other\n"
WORKSHOP = parse(TEXT, "talk/w.md", lambda _: OTHER)
FIRST_COMMAND, ONE_WAY, BOTH_WAYS = 1, 2, 5


@pytest.mark.parametrize(
    ("address", "index"),
    [
        ("1", 0),
        ("2", FIRST_COMMAND),
        ("first", FIRST_COMMAND),
        ("faces", 0),
        ("Links run one", ONE_WAY),
        ("  links run ONE way ", ONE_WAY),
        ("links run both ways", BOTH_WAYS),
        ("talk/w.md:7", FIRST_COMMAND),
        ("w.md:7", FIRST_COMMAND),
        (":7", FIRST_COMMAND),
        (":8", ONE_WAY),
        (":14", ONE_WAY + 2),
        ("other.sh:1", BOTH_WAYS + 1),
    ],
)
def test_a_step_is_found(address: str, index: int) -> None:
    assert find_step(WORKSHOP, address) == index


@pytest.mark.parametrize(
    ("address", "message", "hint"),
    [
        ("0", "no step 0 in", "meshpeek steps"),
        ("99", "no step 99 in", "meshpeek steps"),
        ("Links", "several sections begin with `Links`: `Links run one way`, `Links", "more of"),
        ("w.md:999", "no step at or after w.md:999", "the last one is at talk/w.md:"),
        ("frist", "no step or section `frist`", "did you mean `first`?"),
        ("links run won way", "no step or section", "did you mean `Links run one way`?"),
        ("x.md:7", "no step or section `x.md:7`", "sections are `Faces`, `Links run one way`"),
        ("", "no step or section ``", "sections are"),
    ],
)
def test_what_is_no_step_is_an_error_that_helps(address: str, message: str, hint: str) -> None:
    with pytest.raises(InputError) as error:
        find_step(WORKSHOP, address)
    assert message in error.value.message
    assert hint in (error.value.hint or "")


def test_the_list_of_steps_has_the_addresses() -> None:
    listed = [line.split() for line in list_steps(WORKSHOP).splitlines() if line.startswith(" ")]
    assert len(listed) == len(WORKSHOP.steps)
    for index, (number, place, *_) in enumerate(listed):
        assert find_step(WORKSHOP, number) == find_step(WORKSHOP, place) == index


def test_a_step_has_the_same_number_with_all_hooks() -> None:
    text = (
        "<!-- @hook show_map MAP -->\n<!-- @SHOW -->\n# One\n\n<!-- @show_map -->\n"
        "<!-- @browser_then_terminal -->\n```bash\necho one\n```\n\n<!-- @ifhook show_map -->\n"
        "```bash\necho map\n```\n<!-- @endif -->\n```bash\necho two\n```\n"
    )
    hooks = {f"DEMO_HOOK_{name}": "true" for name in ("BROWSER", "TERMINAL", "MAP")}
    bare, hooked = (parse(text, "w.md", str, hooks=each) for each in ({}, hooks))
    assert len(hooked.steps) > len(bare.steps) + 3
    for number, step in enumerate(bare.steps, 1):
        assert hooked.steps[find_step(hooked, str(number))].text == step.text
    listed = [line.split() for line in list_steps(hooked).splitlines() if "echo map" in line]
    assert listed == [[":13", "command", "echo", "map"]]
