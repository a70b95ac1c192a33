"""The folder of a session: private, and gone afterwards, even when the session was killed."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from meshpeek.session.private_folder import private_folder, remade_private_folder

OWNER = (
    "import sys; from pathlib import Path\n"
    "from meshpeek.session.private_folder import private_folder\n"
    "with private_folder(Path(sys.argv[1])) as path:\n"
    "    (path / 'kubeconfig').write_text('secret')\n"
    "    print(path, flush=True)\n"
    "    sys.stdin.read()\n"
)


def test_it_is_private_and_gone_in_the_end(tmp_path: Path) -> None:
    with private_folder(tmp_path) as path:
        assert path.parent == tmp_path
        assert path.stat().st_mode & 0o777 == 0o700
        (path / "kubeconfig").write_text("secret")
    assert list(tmp_path.iterdir()) == []


def test_it_is_gone_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), private_folder(tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_a_killed_session_s_folder_goes_with_the_next_one(tmp_path: Path) -> None:
    def start() -> tuple[subprocess.Popen[str], Path]:
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER, tmp_path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert owner.stdout
        return owner, Path(owner.stdout.readline().strip())

    killed, left = start()
    living, used = start()
    other = tmp_path / "meshpeek-of-somebody-else"
    other.mkdir()
    killed.kill()
    killed.communicate()
    assert left.exists()
    with private_folder(tmp_path):
        assert not left.exists()
        assert used.exists()
        assert other.exists()
    living.communicate("")
    assert not used.exists()


def test_sessions_that_begin_together_leave_each_other_alone(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path\n"
        "from meshpeek.session.private_folder import private_folder\n"
        "for _ in range(200):\n"
        "    with private_folder(Path(sys.argv[1])) as path:\n"
        "        (path / 'file').write_text('mine')\n"
    )
    command = [sys.executable, "-c", code, tmp_path]
    sessions = [subprocess.Popen(command, stderr=subprocess.PIPE) for _ in range(4)]
    assert [session.communicate()[1] for session in sessions] == [b""] * 4
    assert [session.returncode for session in sessions] == [0] * 4
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_made_again_although_somebody_still_writes_in_it(tmp_path: Path) -> None:
    with private_folder(tmp_path) as path:
        pass
    path.mkdir()
    with writers(path), remade_private_folder(path) as again:
        assert again == path
        assert path.stat().st_mode & 0o777 == 0o700
        assert [each.name for each in path.iterdir()] == ["lock"]
    with private_folder(tmp_path) as other:
        assert list(tmp_path.iterdir()) == [other]


def test_what_somebody_still_writes_when_a_session_ends_goes_with_the_next(tmp_path: Path) -> None:
    with ExitStack() as stack:
        with private_folder(tmp_path) as path:
            stack.enter_context(writers(path))
        assert not path.exists()
    with private_folder(tmp_path) as other:
        assert list(tmp_path.iterdir()) == [other]


@contextmanager
def writers(folder: Path) -> Iterator[None]:
    """Run processes that make files in a folder as fast as they can, wherever it is moved."""
    code = (
        "import itertools, os, sys\n"
        "os.chdir(sys.argv[1])\n"
        "for number in itertools.count():\n"
        "    os.close(os.open(f'{os.getpid()}-{number % 500}', os.O_CREAT | os.O_WRONLY))\n"
        "    number == 500 and print(flush=True)\n"
    )
    command = [sys.executable, "-c", code, folder]
    started = [
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        for _ in range(4)
    ]
    try:
        for writer in started:
            assert writer.stdout
            writer.stdout.readline()
        yield
    finally:
        for writer in started:
            writer.kill()
            writer.communicate()


def test_a_folder_that_is_in_use_is_not_made_again(tmp_path: Path) -> None:
    with (
        private_folder(tmp_path) as path,
        pytest.raises(FileExistsError),
        remade_private_folder(path),
    ):
        pass
    assert not path.exists()
