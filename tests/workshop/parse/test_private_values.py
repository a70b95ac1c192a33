"""Settings that are wrong are told without the values in them that may be secrets."""

from __future__ import annotations

import pytest

from meshpeek.workshop.parse import parse
from meshpeek.workshop.parse.setting_blocks.front_matter import find_secrets
from meshpeek.workshop.problems import WorkshopError

WRONG = {
    "an unknown key": 'meshpeek: {env: {T: {value: "hunter2x", secret: true, oops: 1}}}',
    "in a block": "meshpeek:\n  env:\n    T: {value: hunter2x, secret: true, o: 1} # was hunter2x",
    "a wrong mark": "meshpeek: {env: {T: {value: hunter2x, secret: maybe}}}",
    "the value as its mark": "meshpeek: {env: {T: {secret: hunter2x}}}",
    "a list of variables": "meshpeek: {env: [T=hunter2x]}",
    "a text of variables": "meshpeek:\n  env: T=hunter2x",
    "a list as a value": "meshpeek: {env: {T: {value: [hunter2x], secret: true}}}",
    "a key without value": "meshpeek: {env: {T: {hunter2x}}}",
    "a wrong name": 'meshpeek: {env: {"hunter2x y": 1}}',
    "a value too short": "meshpeek:\n  env: {T: {value: hun, secret: true}}",
    "twice": "meshpeek: {env: {T: hunter2x, T: hunter2x}}",
    "misspelt env": "meshpeek: {evn: {T: {value: hunter2x, secret: true}}}",
    "misspelt meshpeek": "meshpek: {env: {T: {value: hunter2x, secret: true}}}",
    "no mapping": "meshpeek: hunter2x",
    "a value among names": 'meshpeek: {secrets: [TOKEN, "hunter2x!"]}',
    "names as a mapping": "meshpeek: {secrets: {T: hunter2x}}",
    "names as a text": "meshpeek: {secrets: hunter2x-}",
    "open quotes": 'meshpeek: {env: {T: {value: "hunter2x, secret: true}}}',
    "open list before": "meshpeek:\n  timeout: [a\n  env: {T: {value: hunter2x}}",
    "open list after": "meshpeek:\n  env: {T: {value: hunter2x, secret: true}}\n  contexts: [a",
    "an alias": "meshpeek:\n  env:\n    T: *hunter2x",
    "a directive": "meshpeek:\n  env:\n    T: %hunter2x",
    "an empty line in it": 'meshpeek:\n  env:\n\n    T: {value: "hunter2x, secret: true}',
    "a block scalar": "meshpeek:\n  env:\n    T: |\n      hunter2x\n   hunter2x",
    "a NUL": 'meshpeek: {env: {T: {value: "hunter2x\0", secret: true}}}',
    "a control character": 'meshpeek: {env: {T: {value: "hunter2x\x01", secret: true}}}',
}


MISPLACED = {
    "in one line, too many dashes": "---\n{}\n----\n",
    "too few": "--\n{}\n--\n",
    "not closed": "---\n{}\n",
    "behind a title": "# Title\n\n---\n{}\n---\n",
    "no dashes": "{}\n\nA title\n",
    "a list": "---\n- {}\n---\n",
}


@pytest.mark.parametrize("text", MISPLACED.values(), ids=MISPLACED)
@pytest.mark.parametrize(
    "settings",
    [
        "meshpeek: {env: {T: {value: hunter2x, secret: true}}}",
        "meshpeek:\n\n  secrets: [A]\n\n  env:\n    T: {value: hunter2x, secret: true}",
    ],
)
def test_no_value_is_told_of_settings_that_are_not_read(text: str, settings: str) -> None:
    text = text.format(settings) + "\n```bash\nif hunter2x\n```\n"
    with pytest.raises(WorkshopError) as raised:
        parse(text, "w.md", str)
    assert "hunter2x" not in raised.value.problems[0].render()
    assert find_secrets(text, "w.md")[0] == {"hunter2x"}


@pytest.mark.parametrize("settings", WRONG.values(), ids=WRONG)
def test_no_value_is_told(settings: str) -> None:
    with pytest.raises(WorkshopError) as raised:
        parse(f"---\n{settings}\n---\n", "w.md", str)
    told = raised.value.render()
    assert "hun" not in told
    assert raised.value.problems[0].span.line < 8


def test_what_is_public_is_told_and_the_caret_stays_at_its_place() -> None:
    text = (
        "---\nmeshpeek:\n  contexts: {north: blu}\n  secrets: [TOKEN, T-OKEN, t-oken]\n"
        '  env: {A: "hunter2x", B: {value: hunter2, secret: true, o: 1}, T-X: hunter2} # no\n---\n'
    )
    with pytest.raises(WorkshopError) as raised:
        parse(text, "w.md", str)
    assert [problem.excerpt.splitlines()[1:] for problem in raised.value.problems] == [
        [
            "3 |   contexts: {north: blu}",
            "  |                     ^^^",
        ],
        [
            "4 |   secrets: [TOKEN, T-OKEN, ***]",
            "  |                    ^^^^^^",
        ],
        [
            "5 |   env: {A: ***, B: {value: ***, secret: true, o: ***}, T-X: ***} ***",
            "  |                                               ^",
        ],
    ]


def test_values_that_are_marked_are_known_even_in_settings_that_are_wrong() -> None:
    def secrets(settings: str) -> tuple[set[str], set[str]]:
        values, names = find_secrets(f"---\n{settings}\n---\n", "w.md")
        return set(values), set(names)

    right = "meshpeek:\n  secrets: [OUTER]\n  env: {A: a, B: {value: bbbb, secret: true}}"
    assert secrets(right) == ({"bbbb"}, {"OUTER", "B"})
    assert secrets("meshpeek: {evn: {B: {value: bbbb, secret: true}}}")[0] == {"bbbb"}
    assert secrets("meshpeek: {env: {B: {value: bbbb, secret: true, a: [cccc]}}}")[0] == {
        "bbbb", "cccc",
    }  # fmt: skip
    assert secrets('meshpeek: {env: {B: {value: "bbbb", secret: true}}')[0] == {"bbbb"}
    assert secrets("title: a") == (set(), set())
