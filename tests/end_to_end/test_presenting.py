"""What a presenter does beside going on, on a terminal as a person sees it."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.conftest import PROGRAM
from tests.pty_terminal import Present, Terminal

SCREENS = Path(__file__).parent / "screens"
SHOW = """\
<!-- @SHOW -->

## First

Some *words* that are long enough to be wrapped in a window that somebody makes narrower.

```bash
greet() { echo "hello $1"; }; alias shout='tr a-z A-Z'; WHO=Ada
echo a command that is wider than forty columns is one 🙂 한글
false
```

<!-- @wait_clear -->

## Second

```bash
greet $WHO
```
"""


def matches(name: str, text: str) -> None:
    """Compare a screen with the one that was reviewed; MESHPEEK_NEW_SCREENS writes it anew."""
    path = SCREENS / name
    if os.environ.get("MESHPEEK_NEW_SCREENS"):
        path.write_text(f"{text}\n")
    assert f"{text}\n" == path.read_text()


def test_the_help_lists_the_keys_and_goes_away_without_a_trace(present: Present) -> None:
    show = present(SHOW)
    show.wait_for("1/4")
    before = show.text
    show.press("?")
    show.wait_for("closes this.")
    matches("help.screen", show.text)
    show.type("Q")
    show.wait_for("1/4")
    assert show.text == before


def test_the_outline_leads_to_what_is_looked_for(present: Present) -> None:
    show = present(SHOW)
    show.press("\r")
    show.wait_for("2/4")
    show.type("/")
    show.wait_for("Go to:")
    matches("outline.screen", show.text)
    show.type("sec\x7fc")
    show.wait_for("Go to: sec")
    assert "false" not in show.text
    show.type("\r")
    show.wait_for("$ greet $WHO")
    assert "First" not in show.text
    show.type("o")
    show.wait_for("Go to:")
    show.type("\x1b")
    show.wait_for("4/4")
    show.type("\r")
    show.wait_for("\nhello Ada")
    assert show.wait_for_end() == 0
    assert "2 passed, 2 skipped" in show.text


def test_the_page_is_drawn_again_when_the_window_changes(present: Present) -> None:
    show = present(SHOW)
    show.press("\r")
    show.wait_for("2/4")
    matches("wide.screen", show.text)
    show.terminal.resize(20, 40)
    show.wait_for("to be\nwrapped")
    show.wait_for("2/4")
    matches("narrow.screen", show.text)
    show.terminal.resize(24, 80)
    show.wait_for("to be wrapped")
    show.wait_for("2/4")
    matches("wide.screen", show.text)


def test_messages_are_wrapped_at_words_and_tables_are_not_cut_off(present: Present) -> None:
    table = "| name | value |\n|---|---|\n| abcdefghijklmnopqrstuvwx | 012345678901234567890123 |"
    show = present(f"<!-- @SHOW -->\n\n{table}\n\n```bash\nfalse\n```\n")
    show.wait_for("1/1")
    show.terminal.resize(24, 40)
    show.wait_for("1/1")
    show.press("\r")
    show.wait_for("e edits · !\ntakes over\n")
    assert "…" not in show.text
    show.terminal.resize(24, 30)
    show.wait_for("r repeats · e\nedits · !")
    assert "…" not in show.text


def test_the_page_is_drawn_again_while_a_command_is_typed(present: Present) -> None:
    show = present(SHOW, typing="20")
    show.wait_for("$ gr")
    show.terminal.resize(20, 40)
    show.wait_for("to be\nwrapped")
    show.type(" ")
    show.wait_for("1/4")
    assert "alias shout='tr a-z A-Z'" in show.text.replace("\n", " ")


def test_a_failure_offers_what_can_be_done(present: Present) -> None:
    show = present(SHOW)
    for number in (1, 2, 3):
        show.wait_for(f"{number}/4")
        show.press("\r")
    show.wait_for("✗ exit status 1")
    show.wait_for("3/4")
    matches("failure.screen", show.text)
    show.press("r")
    show.terminal.read_until(lambda: show.text.count("✗ exit status 1") == 2)
    show.press("Q")
    assert show.wait_for_end() == 1
    assert "(attempt 2)" in show.text
    assert "run again: w.md:10: failed, then failed" in show.text


def test_a_command_is_changed_before_it_runs(present: Present) -> None:
    show = present("<!-- @SHOW -->\n```bash\nfor n in 1 2; do\n  echo $n\ndone\necho end\n```\n")
    show.wait_for("> done")
    show.press("e")
    show.wait_for("edit the command")
    show.terminal.read_until(lambda: show.text.count("done") == 2)
    show.type("\x05 | tr 1-2 a-b\r")
    show.wait_for("\na\nb\n")
    show.wait_for("$ echo end")
    show.press("e")
    show.terminal.read_until(lambda: show.text.count("$ echo end") == 2)
    show.type("ing\x03")
    show.terminal.read_until(lambda: show.text.count("$ echo end") == 3)
    show.press("\r")
    show.wait_for("\nend\n")
    assert show.wait_for_end() == 0


def test_what_a_command_was_changed_to_is_repeated_and_changed_again(present: Present) -> None:
    show = present("<!-- @SHOW -->\n```bash\necho begin\necho end\n```\n")
    show.press("e")
    show.terminal.read_until(lambda: show.text.count("$ echo begin") == 2)
    show.type("ners; false\r")
    show.wait_for("beginners\n✗")
    show.press("r")
    show.terminal.read_until(lambda: show.text.count("beginners\n✗") == 2)
    assert show.text.count("$ echo beginners; false") == 2
    show.press("e")
    show.terminal.read_until(lambda: show.text.count("$ echo beginners; false") == 3)
    show.type("\x7f\x7f\x7f\x7f\x7ftrue\r")
    show.wait_for("beginners\n\n")
    show.press("\r")
    show.wait_for("$ echo end")
    show.press("\r")
    assert show.wait_for_end() == 0


def test_the_shell_that_is_taken_over_is_the_workshop_s_own(present: Present) -> None:
    show = present(SHOW + "```bash\necho $WHO in ${PWD##*/}; added | shout\n```\n")
    show.press("\r")
    show.wait_for("2/5")
    show.press("!")
    show.wait_for("returns to the show")
    show.type("greet you | shout\r")
    show.wait_for("HELLO YOU")
    show.type("WHO=Eve; added() { echo ad''ded; }; mkdir sub; cd sub\r")
    show.wait_for("\nsub ")
    show.type("\x1b[A\x1b[A\x1b[A")
    show.terminal.read_until(lambda: show.text.count("greet() {") == 2)
    show.type("\x03")
    show.terminal.read_until(lambda: show.text.count("\nsub ") == 2)
    show.type("\x04")
    show.wait_for("back in the show")
    show.wait_for("2/5")
    show.type(">")
    show.wait_for("$ greet $WHO")
    show.type("\r")
    show.wait_for("\nhello Eve")
    show.wait_for("5/5")
    show.type("\r")
    show.wait_for("\nEve in sub\nADDED")


def test_line_editing_is_chosen_during_a_take_over_and_after_it(present: Present) -> None:
    show = present(
        "<!-- @SHOW -->\n"
        "```bash\necho begin\nset -o vi\n[[ -o vi ]] && echo three\necho four\n```\n"
    )
    show.wait_for("$ echo begin")
    show.press("!")
    show.wait_for("returns to the show")
    show.type("set -o emacs; echo tak''en\r")
    show.wait_for("\ntaken")
    show.type("exit\r")
    show.wait_for("back in the show")
    for command in ("$ echo begin", "$ set -o vi", "$ [[ -o vi ]] && echo three", "$ echo four"):
        show.wait_for(command)
        show.press("\r")
    show.wait_for("\nfour")
    assert show.wait_for_end() == 0
    assert "4 passed" in show.text
    assert "\nthree\n" in show.text


def test_a_command_is_stopped_and_goes_on_in_the_foreground(present: Present) -> None:
    show = present(
        "<!-- @SHOW -->\n```bash\nsh -c 'echo ready; read -r a; echo \"got $a\"'\n"
        "fg\necho next\n```\n"
    )
    show.press("\r")
    show.wait_for("\nready")
    show.type("\x1a")
    show.wait_for("stopped; `fg` continues it")
    show.wait_for("$ fg")
    show.wait_for("2/3")
    show.type("\r")
    show.terminal.read_until(lambda: show.text.count("sh -c") > 2)
    show.type("on\r")
    show.wait_for("\ngot on")
    show.wait_for("$ echo next")


def test_pasted_text_and_unknown_keys_do_nothing(present: Present) -> None:
    show = present(SHOW)
    show.wait_for("1/4")
    show.type("\x1b[200~Q\r\x1b[201~\x1b[15~é🙂z")
    show.type("?")
    show.wait_for("closes this.")
    show.type("?")
    show.wait_for("1/4")


def test_the_clock_stops_and_the_narration_and_the_status_hide(present: Present) -> None:
    show = present(SHOW)
    show.wait_for("0 min")
    show.type("c")  # starts it, as the first RETURN does
    show.type("c")
    show.wait_for("clock stopped")
    show.type("n")
    show.terminal.read_until(lambda: "Some words" not in show.text)
    assert "$ greet()" in show.text
    show.type("s")
    show.terminal.read_until(lambda: "clock stopped" not in show.text)
    show.type("n")
    show.wait_for("Some words")


def test_a_program_that_is_killed_leaves_the_screen_as_it_found_it(present: Present) -> None:
    show = present(
        "<!-- @SHOW -->\n```bash\nprintf '\\033[?1049h\\033[?25l\\033[31mred'; kill -9 $BASHPID\n"
        "echo next\n```\n"
    )
    show.press("\r")
    show.wait_for("✗ exit status 137")
    show.wait_for("1/2")
    assert not show.terminal.screen.cursor.hidden
    assert show.terminal.screen.cursor.attrs.fg == "default"


@pytest.mark.parametrize("how", ["key", "signal"])
def test_the_show_is_suspended_and_comes_back(
    clean_environment: dict[str, str], tmp_path: Path, how: str
) -> None:
    (tmp_path / "w.md").write_text(SHOW)
    environment = clean_environment | {"PS1": "outer> "}
    with Terminal(["bash", "--norc", "--noprofile"], environment, tmp_path) as terminal:
        terminal.wait_for("outer>")
        terminal.press(f"{PROGRAM} present --rest 0 --typing 0 w.md\r")
        terminal.wait_for("1/4")
        if how == "key":
            terminal.press("\x1a")
        else:
            (program,) = [
                int(path.parent.name)
                for path in Path("/proc").glob("[0-9]*/stat")
                if path.read_text().split()[3] == str(terminal.child.pid)
            ]
            os.kill(program, signal.SIGTSTP)
        terminal.wait_for("Stopped")
        terminal.press("stty -a | grep -o ' icanon'\r")
        terminal.wait_for("\n icanon")
        terminal.press("fg\r")
        terminal.read_until(lambda: "icanon" not in terminal.text and "1/4" in terminal.text)
        terminal.press("Q")
        terminal.wait_for("quit")


def test_the_terminal_s_size_counts_and_not_what_the_environment_says(
    clean_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "w.md").write_text("<!-- @SHOW -->\n---\n```bash\nstty size </dev/tty\n```\n")
    environment = clean_environment | {"COLUMNS": "200", "LINES": "7"}
    command = [PROGRAM, "present", "--rest", "0", "--typing", "0", "w.md"]
    with Terminal(command, environment, tmp_path) as terminal:
        terminal.wait_for("1/1")
        assert "-" * 80 in terminal.text
        assert "-" * 81 not in terminal.text.replace("\n", "")
        terminal.press("\r")
        terminal.wait_for("24 80")


def test_a_command_that_clears_leaves_a_clean_screen(present: Present) -> None:
    show = present("<!-- @SHOW -->\n```bash\nclear\necho next\n```\n")
    show.press("\r")
    show.wait_for("2/2")
    assert show.text.startswith("$ echo next\n2/2")
