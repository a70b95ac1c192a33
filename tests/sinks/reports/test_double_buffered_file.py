"""A file in two copies that take turns: whole for its readers at every moment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meshpeek.sinks.reports.incremental.double_buffered_file import DoubleBufferedFile, open_output


def test_readers_see_what_was_published_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "report"
    file = DoubleBufferedFile(path)
    assert not path.exists()
    file.publish(b"]")
    file.add(b"[")
    assert path.read_bytes() == b"]"
    place = file.add(b"0")
    file.publish(b" end]")
    assert path.read_bytes() == b"[0 end]"
    file.overwrite(place, b"1")
    file.add(b",2")
    assert path.read_bytes() == b"[0 end]"
    file.publish(b"]")
    assert path.read_bytes() == b"[1,2]"
    file.close()
    assert path.read_bytes() == b"[1,2]"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report"]


STEPS = st.lists(
    st.tuples(st.binary(max_size=20), st.booleans(), st.binary(max_size=10), st.booleans())
)


@settings(max_examples=100, deadline=None)
@given(STEPS)
def test_whatever_is_added_the_file_is_what_one_would_write(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bytes, bool, bytes, bool]]
) -> None:
    path = tmp_path_factory.mktemp("folder") / "report"
    file = DoubleBufferedFile(path)
    places: list[int] = []
    whole = b""
    for number, (data, has_place, tail, is_moved) in enumerate(steps):
        file.add(data)
        whole += data
        if has_place:
            places.append(file.add(b"????"))
            whole += b"????"
        for place in places[number % 3 :: 3]:
            text = f"{number:4}".encode()
            file.overwrite(place, text)
            whole = whole[:place] + text + whole[place + 4 :]
        if is_moved:  # somebody takes the report away, or puts another file in its place
            path.unlink(missing_ok=True)
            if number % 2:
                path.write_bytes(b"not ours")
        file.publish(tail)
        assert path.read_bytes() == whole + tail
    file.close()


def test_it_does_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    path = tmp_path / "report"
    file = DoubleBufferedFile(path)
    for number in range(5):
        file.add(str(number).encode())
        file.publish(b"!")
    file.close()
    assert path.read_bytes() == b"01234!"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report"]


def test_all_that_is_written_twice_is_what_is_new(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    pwrite = os.pwrite

    def counting(descriptor: int, data: bytes, offset: int) -> int:
        written.append(pwrite(descriptor, data, offset))
        return written[-1]

    monkeypatch.setattr(os, "pwrite", counting)
    file = DoubleBufferedFile(tmp_path / "report")
    for _ in range(5000):
        file.add(b"x" * 400)
        file.publish(b"</end>")
    file.close()
    assert sum(written) <= 2 * 5000 * (400 + 6)


def test_a_link_keeps_leading_to_the_report(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "link"
    link.symlink_to("elsewhere/report")
    file = open_output(link)
    file.add(b"x")
    file.publish(b"")
    file.close()
    assert link.is_symlink()
    assert (tmp_path / "elsewhere" / "report").read_bytes() == b"x"


def test_a_pipe_gets_the_last_state(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    file = open_output(pipe)
    place = file.add(b"?")
    file.publish(b"first")
    file.overwrite(place, b"!")
    file.publish(b"last")
    # A pipe keeps what nobody has read for as long as somebody has it open.
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    file.close()
    assert os.read(reader, 100) == b"!last"
    assert os.read(reader, 100) == b""
    os.close(reader)


def test_a_report_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none" / "report", Path("/dev/full/report")):
        with pytest.raises(OSError, match=r"directory|Not a|No such"):
            open_output(path)
