"""Where journals are, and which of them are kept."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from meshpeek.run.journal import storage
from meshpeek.run.journal.storage import (
    JOURNAL,
    KEPT_DAYS,
    KEPT_PRESENTATIONS,
    create_presentation,
    list_presentations,
    reopen_presentation,
)


@pytest.fixture
def workshop(tmp_path: Path) -> Path:
    return tmp_path / "shows" / "a-workshop"


def begin(workshop: Path) -> Path:
    with create_presentation(workshop) as (folder, journal):
        journal.write(b"{}\n")
    return folder


def test_a_workshop_s_folder_can_be_read_and_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "talk").mkdir()
    folder = storage.workshop_folder("talk/workshop.md")
    assert folder.name.startswith("talk-workshop-")
    assert folder == storage.workshop_folder(str(tmp_path / "talk/../talk/workshop.md"))
    assert folder != storage.workshop_folder("other/workshop.md")
    odd = storage.workshop_folder("/a b/$(x)\n;é.md").name
    assert odd.rpartition("-")[0] == "a-b--x-é"


def test_only_the_user_can_look_into_it(workshop: Path) -> None:
    folder = begin(workshop)
    modes = [path.stat().st_mode & 0o777 for path in (workshop, folder, folder / JOURNAL)]
    assert modes == [0o700, 0o700, 0o600]


def test_the_latest_is_the_first(workshop: Path) -> None:
    made = [begin(workshop) for _ in range(3)]
    assert list_presentations(workshop) == made[::-1]


def test_a_few_are_kept(workshop: Path) -> None:
    made = [begin(workshop) for _ in range(KEPT_PRESENTATIONS + 3)]
    assert list_presentations(workshop) == made[: -KEPT_PRESENTATIONS - 1 : -1]


def test_one_that_goes_on_is_kept(workshop: Path) -> None:
    with create_presentation(workshop) as (folder, _):
        for _ in range(KEPT_PRESENTATIONS + 3):
            begin(workshop)
        assert folder in list_presentations(workshop)
        with reopen_presentation(folder) as journal:
            assert journal is None
    with reopen_presentation(folder) as journal:
        assert journal is not None
        journal.write(b"more\n")
    assert (folder / JOURNAL).read_bytes() == b"more\n"


def test_old_ones_go_whatever_workshop_they_are_of(workshop: Path) -> None:
    forgotten = workshop.with_name("forgotten")
    old, new = begin(forgotten), begin(workshop.with_name("other"))
    past = time.time() - (KEPT_DAYS + 1) * 24 * 60 * 60
    os.utime(old / JOURNAL, (past, past))
    begin(workshop)
    assert not forgotten.exists()
    assert new.exists()


def test_what_is_none_of_ours_is_left_alone(workshop: Path) -> None:
    workshop.parent.mkdir()
    (workshop.parent / "a file").write_text("mine")
    (workshop.parent / "a folder" / "in it").mkdir(parents=True)
    begin(workshop)
    assert (workshop.parent / "a file").exists()
    assert (workshop.parent / "a folder" / "in it").exists()
