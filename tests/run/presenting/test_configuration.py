"""A presenter's own keys: what may be said, and what is said of what may not."""

from __future__ import annotations

from pathlib import Path

import pytest

from meshpeek.run.actions import Action
from meshpeek.run.presenting.bindings import BINDINGS, actions_by_key
from meshpeek.run.presenting.configuration import load_bindings, parse_bindings
from meshpeek.terminal.key_decoder import NAMED_KEYS
from meshpeek.workshop.problems import WorkshopError
from tests.pty_terminal import Present


def test_the_usual_keys_are_sound() -> None:
    keys = [key for binding in BINDINGS for key in binding.keys]
    assert len(keys) == len(set(keys))
    assert all(key in NAMED_KEYS or len(key) == 1 for key in keys)
    assert {binding.action for binding in BINDINGS} == set(Action)


def test_a_file_changes_the_keys_of_the_actions_it_names(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    assert load_bindings(file) == BINDINGS
    file.write_text('[keys]\nquit = "q"\nrepeat = ["f5", "é"]\noutline = []\nskip = "o"\n')
    actions = actions_by_key(load_bindings(file))
    assert (actions["q"], actions["f5"], actions["é"]) == (
        Action.QUIT,
        Action.REPEAT,
        Action.REPEAT,
    )
    assert actions["o"] is Action.SKIP
    assert actions["enter"] is Action.GO
    assert not {"Q", "r", "/", "+"} & set(actions)


@pytest.mark.parametrize(
    ("text", "told", "hint"),
    [
        ('[keys]\nrepaet = "x"\n', "c.toml:2:1: error: unknown action `repaet`", "`repeat`?"),
        ('[keys]\n  go = "return"\n', "c.toml:2:3: error: unknown key `return`", "`enter`?"),
        ('[keys]\ngo = ["pagedown"]\n', "c.toml:2:1: error: unknown key", "`page-down`?"),
        ('keys.go = "xy"\n', "c.toml:1:6: error: unknown key `xy`", "docs/presenting.md"),
        ("[keys]\n\ngo = 3\n", "c.toml:3:1: error: `go` needs a key", 'such as "r"'),
        ('[key]\ngo = "x"\n', "c.toml:1:2: error: unknown setting `key`", "`keys`?"),
        ("keys = 1\n", "c.toml:1:1: error: `keys` must be a table", "[keys]"),
        (
            '[keys]\nrepeat = "e"\n',
            "c.toml:2:1: error: the key `e` is bound to both `repeat` and `edit`",
            "`repeat = []`",
        ),
        (
            '[keys]\nskip = "x"\nback = "x"\n',
            "c.toml:3:1: error: the key `x` is bound to both `skip` and `back`",
            "`skip = []`",
        ),
        (
            "[keys]\nquit = []\ninterrupt = []\n",
            "c.toml:3:1: error: `quit` and `interrupt` without a key",
            "could not end",
        ),
        ("[keys]\ngo = []\n", "c.toml:2:1: error: `go` without a key", "could not go on"),
        ("[keys\n", "c.toml:1:6: error: not valid TOML", ""),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, told: str, hint: str) -> None:
    with pytest.raises(WorkshopError) as raised:
        parse_bindings(text, "c.toml")
    assert told in raised.value.render()
    assert hint in raised.value.render()


def test_own_keys_are_used_in_a_show(present: Present, tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".config" / "meshpeek"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('[keys]\ngo = "g"\n')
    show = present("<!-- @SHOW -->\n```bash\necho one | tr a-z A-Z\n```\n")
    show.wait_for("$ echo one")
    show.press("\rg")
    show.wait_for("ONE")
    show.press("g")
    assert show.wait_for_end() == 0


def test_a_wrong_file_keeps_a_show_from_starting(present: Present, tmp_path: Path) -> None:
    folder = tmp_path / "home" / ".config" / "meshpeek"
    folder.mkdir(parents=True)
    (folder / "config.toml").write_text('[keys]\nquit = "e"\n')
    show = present("<!-- @SHOW -->\n```bash\necho one\n```\n")
    assert show.wait_for_end() == 2
    assert "config.toml:2:1" in show.text
    assert "Traceback" not in show.text
