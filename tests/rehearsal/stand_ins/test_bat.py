"""The stand-in for bat: what it draws, on a real terminal and into a real pipe."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

COMMAND = [
    sys.executable,
    "-P",
    "-c",
    "import sys; from meshpeek.rehearsal.stand_ins.bat import main; sys.exit(main())",
]
YAML = "kind: Service\nmetadata:\n  name: smiley\n"
DRAWN = """\
─────┬──────────────────
   1 │ kind: Service
   2 │ metadata:
   3 │   name: smiley
─────┴──────────────────
"""
GRID = {"BAT_STYLE": "grid,numbers"}


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BAT_STYLE", "BAT_PAGER", "BAT_PAGING", "PAGER", "NO_COLOR", "COLUMNS", "LINES"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    (tmp_path / "smiley.yaml").write_text(YAML)
    monkeypatch.chdir(tmp_path)
    return "smiley.yaml"


def pipe(
    *arguments: str, stdin: bytes = b"", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [*COMMAND, *arguments],
        input=stdin,
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


def terminal(
    *arguments: str, stdin: bytes = b"", size: tuple[int, int] = (24, 24), **environment: str
) -> str:
    """Run on a terminal of `size` (rows, columns) and return what it shows."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=theirs,
        env={**os.environ, "TERM": "xterm-256color", **environment},
    ) as process:
        os.close(theirs)
        assert process.stdin
        process.stdin.write(stdin)
        process.stdin.close()
        shown = b""
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except OSError:
            # Linux ends a terminal that nobody writes to any more with EIO.
            pass
    os.close(ours)
    return shown.decode().replace("\r\n", "\n")


class TestPipe:
    def test_it_copies_its_input(self, manifest: str) -> None:
        assert pipe(manifest, **GRID).stdout == YAML.encode()
        assert pipe("-l", "yaml", stdin=b"a: 1\n", **GRID).stdout == b"a: 1\n"

    def test_bytes_are_left_as_they_are(self) -> None:
        assert pipe("-l", "nonsense", stdin=b"\xff\0\r\nx").stdout == b"\xff\0\r\nx"

    def test_several_files(self, manifest: str) -> None:
        assert pipe(manifest, "-", manifest, stdin=b"b\n").stdout == f"{YAML}b\n{YAML}".encode()

    def test_what_comes_is_passed_on_at_once(self) -> None:
        with subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
        ) as process:
            assert process.stdin
            assert process.stdout
            process.stdin.write(b"first\n")
            assert select.select([process.stdout], [], [], 10)[0], "nothing came through"
            assert process.stdout.read(6) == b"first\n"
            process.stdin.close()

    def test_decorations_can_be_forced(self, manifest: str) -> None:
        outcome = pipe("--decorations=always", "--terminal-width=24", manifest, **GRID)
        assert outcome.stdout.decode() == DRAWN


class TestTerminal:
    def test_grid_and_numbers_at_the_terminals_width(self, manifest: str) -> None:
        assert terminal(manifest, "--color=never", **GRID) == DRAWN
        assert terminal("-l", "yaml", stdin=YAML.encode(), NO_COLOR="1", **GRID) == DRAWN

    def test_the_full_style_names_the_file(self, manifest: str) -> None:
        shown = terminal(manifest, "--color=never").splitlines()
        assert shown[:4] == [
            "───────┬────────────────",
            "       │ File: smiley.yaml",
            "───────┼────────────────",
            "   1   │ kind: Service",
        ]

    @pytest.mark.parametrize("flags", [("-p",), ("--plain",), ("--style=plain",), ("-pp",)])
    def test_plain(self, manifest: str, flags: tuple[str, ...]) -> None:
        assert terminal(manifest, "--color=never", *flags, **GRID) == YAML

    def test_numbers_alone(self, manifest: str) -> None:
        assert terminal(manifest, "--color=never", "-n").startswith("   1 kind: Service\n")

    @pytest.mark.parametrize("style", ["header", "plain"])
    def test_long_lines_are_left_alone_without_a_grid(self, style: str) -> None:
        line = "name: a-long-smiley-name-on-a-narrow-terminal\n"
        shown = terminal("--color=never", f"--style={style}", stdin=line.encode())
        assert shown.endswith(line)

    def test_long_lines_are_wrapped_in_a_grid_that_has_no_numbers(self) -> None:
        shown = terminal("--color=never", "--style=grid", stdin=b"name: a-long-smiley-name-here\n")
        rule = "─" * 24
        assert shown.splitlines() == [rule, "name: a-long-smiley-name", "-here", rule]

    def test_long_lines_are_wrapped_inside_the_grid(self) -> None:
        shown = terminal("--color=never", stdin=b"name: a-long-smiley-name\nx\n", **GRID)
        assert shown.splitlines()[1:4] == [
            "   1 │ name: a-long-smil",
            "     │ ey-name",
            "   2 │ x",
        ]

    def test_wide_characters_count_twice(self) -> None:
        shown = terminal("--color=never", stdin=("文" * 9).encode(), **GRID)
        assert shown.splitlines()[1:3] == [f"   1 │ {'文' * 8}", "     │ 文"]

    def test_tabs_are_four_columns(self) -> None:
        assert "│ a   b\n" in terminal("--color=never", stdin=b"a\tb\n", **GRID)

    def test_empty_lines_keep_their_numbers(self) -> None:
        shown = terminal("--color=never", "-n", stdin=b"\n\na\n\n")
        assert shown == "   1 \n   2 \n   3 a\n   4 \n"

    def test_colours_follow_the_language(self, manifest: str) -> None:
        by_name = terminal(manifest, **GRID)
        by_option = terminal("-l", "yaml", stdin=YAML.encode(), **GRID)
        without = terminal(stdin=YAML.encode(), **GRID)
        assert "\x1b[38;5;" in by_name
        assert by_name == by_option != without

    def test_binary_input_is_not_shown(self) -> None:
        assert terminal(stdin=b"\x7fELF\0", **GRID) == ""


LONG = b"".join(b"%d\n" % n for n in range(40))
PAGER = {"BAT_PAGER": "sed s/^/paged:/", **GRID}


class TestPaging:
    def test_more_than_a_screen_goes_to_the_pager(self) -> None:
        shown = terminal("--color=never", stdin=LONG, **PAGER)
        assert shown.count("paged:") == 42

    def test_less_than_a_screen_does_not(self, manifest: str) -> None:
        assert terminal("--color=never", manifest, **PAGER) == DRAWN

    @pytest.mark.parametrize(
        ("flags", "environment"),
        [
            (["--paging=never"], {}),
            (["-P"], {}),
            ([], {"BAT_PAGING": "never"}),
            ([], {"BAT_PAGER": ""}),
            ([], {"BAT_PAGER": "cat"}),
            ([], {"BAT_PAGER": "/no/such/pager"}),
        ],
    )
    def test_it_can_be_switched_off(self, flags: list[str], environment: dict[str, str]) -> None:
        settings = PAGER | environment
        shown = terminal("--color=never", *flags, stdin=LONG, **settings)
        assert shown.splitlines()[-2] == "  40 │ 39"

    def test_it_can_be_asked_for(self, manifest: str) -> None:
        shown = terminal("--color=never", "--paging", "always", manifest, **PAGER)
        assert shown.startswith("paged:───")


class TestErrors:
    def test_a_missing_file_does_not_keep_the_others_back(self, manifest: str) -> None:
        outcome = pipe("missing", manifest)
        assert (outcome.returncode, outcome.stdout) == (1, YAML.encode())
        assert outcome.stderr == (
            b"[bat error]: 'missing': No such file or directory (os error 2)\n"
        )

    def test_a_folder(self, tmp_path: Path) -> None:
        outcome = pipe(str(tmp_path))
        assert outcome.returncode == 1
        assert outcome.stderr == f"[bat error]: '{tmp_path}' is a directory.\n".encode()

    def test_an_unknown_language(self, manifest: str) -> None:
        outcome = pipe("--color=always", "-l", "nonsense", manifest)
        assert outcome.returncode == 1
        assert outcome.stderr == b"[bat error]: unknown syntax: 'nonsense'\n"

    def test_an_option_it_does_not_have(self) -> None:
        outcome = pipe("--diff")
        assert outcome.returncode == 1
        assert b"meshpeek's rehearsal stand-in" in outcome.stderr
        assert b"sharkdp/bat" in outcome.stderr

    def test_a_reader_that_leaves_is_no_error(self) -> None:
        with subprocess.Popen(
            COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            assert process.stdin
            assert process.stdout
            assert process.stderr
            process.stdout.close()
            process.stdin.write(b"x\n")
            process.stdin.close()
            assert process.stderr.read() == b""
        assert process.returncode == 0
