"""bash under its pty: starting it, and moving bytes in and out. The only module that touches it.

bash is interactive, so that job control, aliases and messages are those of a prompt, but it
reads its lines from a FIFO of ours and never from the terminal: what a person types while a
command runs can reach that command and nothing else.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pexpect

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.session.shell.state_receiver import StateReceiver
from meshpeek.terminal.keyboard import Keyboard

_BOOTSTRAP = Path(__file__).with_name("session.bash")
_TERMINAL_SIGNALS = (
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGPIPE,
    signal.SIGTSTP,
    signal.SIGWINCH,
)
_INTERRUPT_KEY = b"\x03"
_END_OF_FILE_KEY = b"\x04"
_CHUNK_BYTES = 64 * 1024
_SHORT_BYTES = 1024  # a terminal that gives less has no more for now
_MOST_UNTAKEN = 64 * 1024  # more than this of a paste waits in the presenter's terminal
_QUIET_SECONDS = 0.05
_SHRUNK_SECONDS = 0.1
_EXIT_POLL_SECONDS = 0.005


class BashPty:
    """A pseudo-terminal for bash, and for the next one when that has ended.

    `directory` is for the FIFO, and `size` is rows and columns. With `raw_output`, line ends are
    passed on as they were written, and not as a screen needs them (CR LF). `states` is read while
    waiting for output, or bash would wait for a reader. `leader` is bash's process id.
    """

    def __init__(
        self, directory: Path, *, size: tuple[int, int], raw_output: bool, states: StateReceiver
    ) -> None:
        self.fifo = directory / "commands"
        self._interrupts = 0
        self._device = directory / "terminal"
        self._size = size
        self._raw_output = raw_output
        self._states = states
        self._unsent = b""
        self._untaken = b""
        self._lent: Keyboard | None = None
        self.has_typed = False
        self.steered = False
        """Whether the program that has the keyboard got keys that it reads one by one."""
        self._shrunk: float | None = None
        os.mkfifo(self.fifo, 0o600)
        # Open for both, so that bash never finds the FIFO without a writer while we live.
        self._lines = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)

    def start(
        self, environment: Mapping[str, str], arguments: Sequence[str], folder: Path | None
    ) -> None:
        """Start a bash in `folder`, with `arguments` as its `$1` and on.

        Raises EnvironmentUnfitError without bash.
        """
        options = ["--noediting", "--rcfile", str(_BOOTSTRAP), "-i", "-s", "--"]
        try:
            with _sigwinch_blocked():
                self._child = pexpect.spawn(
                    "bash",
                    [*options, *arguments],
                    env=environment,
                    dimensions=self._size,
                    cwd=folder,
                    preexec_fn=self._prepare_child,
                )
        except pexpect.ExceptionPexpect as error:
            raise EnvironmentUnfitError(
                "bash was not found", hint="install bash, and make sure it is on PATH"
            ) from error
        except OSError as error:  # of which pexpect makes one that has no number
            raise EnvironmentUnfitError(
                f"cannot start bash: {error}",
                hint="raise the limits of open files and processes: ulimit -n, ulimit -u",
            ) from error
        self._child.delaybeforesend = None  # or each send would wait for 50 ms
        self._terminal = self._child.child_fd
        self.leader: int = self._child.pid  # type: ignore[assignment]  # it has been spawned
        os.set_blocking(self._terminal, False)
        self.remember_settings()

    def _prepare_child(self) -> None:
        """Set up signals, terminal and standard input in the child, before it becomes bash."""
        for number in _TERMINAL_SIGNALS:  # what is ignored here, bash could not change any more
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGWINCH})
        if self._raw_output:
            settings = termios.tcgetattr(0)
            settings[1] &= ~termios.OPOST
            termios.tcsetattr(0, termios.TCSANOW, settings)
        self._device.write_text(os.ttyname(0))
        lines = os.open(self.fifo, os.O_RDONLY)
        os.dup2(lines, 0)
        os.close(lines)

    def is_alive(self) -> bool:
        """Tell whether bash runs."""
        return self._child.isalive()

    def wait(self) -> int:
        """Wait for bash to end; return its status, 128 and more for a signal."""
        self._child.wait()
        signalled = self._child.signalstatus
        return 128 + signalled if signalled else self._child.exitstatus or 0

    def foreground(self) -> int:
        """Return the process group in the foreground of the terminal."""
        return os.tcgetpgrp(self._terminal)

    def remember_settings(self) -> None:
        """Take the terminal's settings as those that each command begins with."""
        self._settings = termios.tcgetattr(self._terminal)

    def restore(self) -> None:
        """Give the terminal back its settings and its size."""
        if termios.tcgetattr(self._terminal) != self._settings:
            termios.tcsetattr(self._terminal, termios.TCSANOW, self._settings)
        if self._shrunk:
            self._restore_size()

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size; the foreground job gets SIGWINCH."""
        self._size = (rows, columns)
        self._child.setwinsize(rows, columns)

    def refresh(self) -> None:
        """Have the program in the foreground draw its screen again.

        Programs do that when the size changes, so it does, for a moment: not all of them do at
        SIGWINCH alone.
        """
        rows, columns = self._size
        self._child.setwinsize(max(rows - 1, 1), columns)
        self._shrunk = time.monotonic()

    def _restore_size(self) -> None:
        self._shrunk = None
        self._child.setwinsize(*self._size)

    def send(self, lines: str) -> None:
        """Have bash read `lines`, in place of those that are not sent yet."""
        self._unsent = lines.encode(errors="surrogateescape")

    def send_more(self, lines: str) -> None:
        """Have bash read `lines` after those already given."""
        self._unsent += lines.encode()

    @property
    def has_read_lines(self) -> bool:
        """Whether bash has read every line that it was given."""
        return not (self._unsent or select.select([self._lines], [], [], 0)[0])

    def forget_lines(self) -> None:
        """Drop the lines that bash did not read."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._lines, _CHUNK_BYTES):
                pass

    def type_in(self, data: bytes) -> None:
        """Have the program in the foreground read `data` from the terminal."""
        self.has_typed = True
        self._child.send(data)

    def end_input(self) -> None:
        """Let a command that reads the terminal itself (a password prompt) find end-of-file there.

        What is not read stays there; once that fills the terminal's buffer, it is enough.
        """
        self.has_typed = True
        with contextlib.suppress(BlockingIOError):
            os.write(self._terminal, _END_OF_FILE_KEY)

    @contextlib.contextmanager
    def lend(self, keyboard: Keyboard) -> Iterator[None]:
        """Let `keyboard` type into the terminal."""
        with keyboard.lent():
            self._lent = keyboard
            self.forget_input()
            self.steered = False
            self._untaken = keyboard.take_unread()
            try:
                yield
            finally:
                self._lent = None
                self._untaken = b""

    def forget_input(self) -> None:
        """Drop what was typed for the last command and not read by it."""
        self.has_typed = False
        terminal = os.open(self._device.read_text(), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            termios.tcflush(terminal, termios.TCIFLUSH)
        finally:
            os.close(terminal)

    def reads_keys(self) -> bool:
        """Tell whether a program has set the terminal to give it single keys, or to hide them."""
        line_input = termios.ICANON | termios.ECHO
        return bool(~termios.tcgetattr(self._terminal)[3] & line_input)

    def take_interrupts(self) -> int:
        """Return how many interrupts have been typed since the last call."""
        interrupts, self._interrupts = self._interrupts, 0
        return interrupts

    def read(self, seconds: float) -> tuple[bytes, bool]:
        """Return what the terminal has, waiting at most `seconds`, and whether bash is gone."""
        data, ended = self._read(seconds)
        if self._shrunk and not data and time.monotonic() - self._shrunk >= _SHRUNK_SECONDS:
            self._restore_size()
        return data, ended

    def _read(self, seconds: float) -> tuple[bytes, bool]:
        if not self._wait(seconds) and not self._child.isalive():
            return self._drain(), True
        chunks: list[bytes] = []
        size = 0
        while size < _CHUNK_BYTES:
            try:
                chunk = os.read(self._terminal, _CHUNK_BYTES)
            except BlockingIOError:
                break
            except OSError:  # EIO: nothing has the terminal open any more
                chunk = b""
            if not chunk:
                return b"".join(chunks), self._ends_within(seconds)
            chunks.append(chunk)
            size += len(chunk)
            if len(chunk) < _SHORT_BYTES:
                break
        return b"".join(chunks), False

    def _ends_within(self, seconds: float) -> bool:
        """Wait for the end of bash, or of a program that it has become by `exec`."""
        deadline = time.monotonic() + seconds
        while self._child.isalive():
            if time.monotonic() >= deadline:
                return False
            time.sleep(min(seconds, _EXIT_POLL_SECONDS))
        return True

    def _wait(self, seconds: float) -> bool:
        """Wait for output, moving keys and lines meanwhile; tell whether anything happened."""
        sources: list[int | Keyboard | StateReceiver] = [self._terminal]
        if self._states.is_long:
            sources.append(self._states)
        if self._lent is not None and len(self._untaken) < _MOST_UNTAKEN:
            sources.append(self._lent)
        sinks = [self._lines] if self._unsent else []
        if self._untaken:
            sinks.append(self._terminal)
        readable, writable, _ = select.select(sources, sinks, [], seconds)
        if self._lines in writable:
            # Forgotten first: an interruption between the two lines must not send them twice.
            lines, self._unsent = self._unsent, b""
            self._unsent = lines[os.write(self._lines, lines) :]
        if self._lent in readable:
            self._take_keys(self._lent.read_for_child())
        if self._untaken:
            self._type()
        if self._states in readable or not (readable or writable):
            self._states.read()
        return bool(readable or writable)

    def _take_keys(self, keys: bytes) -> None:
        """Add `keys` to those that the child has not taken; ^C drops what is before it.

        The kernel does the same, but does not see a ^C that waits behind a paste.
        """
        interrupts = keys.count(_INTERRUPT_KEY)
        self._interrupts += interrupts
        local = termios.tcgetattr(self._terminal)[3]
        self.steered = self.steered or not local & termios.ICANON
        if interrupts and self._untaken and local & termios.ISIG:
            self.forget_input()
            self._untaken = b""
            keys = keys[keys.rindex(_INTERRUPT_KEY) :]
        self._untaken += keys

    def _type(self) -> None:
        """Type as much as the terminal takes; it is full while the child does not read."""
        with contextlib.suppress(BlockingIOError):
            self._untaken = self._untaken[os.write(self._terminal, self._untaken) :]

    def _drain(self) -> bytes:
        """Return what bash left in the terminal when it ended; its jobs may hold that open."""
        chunks = []
        while select.select([self._terminal], [], [], _QUIET_SECONDS)[0]:
            try:
                chunks.append(os.read(self._terminal, _CHUNK_BYTES))
            except OSError:
                break
        return b"".join(chunks)

    def close_terminal(self) -> None:
        """End bash and close the pty, without the pauses that pexpect would make, 0.1 s each."""
        if self._child.isalive():
            os.kill(self.leader, signal.SIGKILL)
            self._child.wait()
        process = self._child.ptyproc  # type: ignore[attr-defined]  # the stubs lack it
        process.delayafterclose = process.delayafterterminate = 0
        self._child.close(force=True)

    def close(self) -> None:
        """Close the pty and the FIFO: no bash comes after this."""
        self.close_terminal()
        os.close(self._lines)


@contextlib.contextmanager
def _sigwinch_blocked() -> Iterator[None]:
    """Block SIGWINCH: the child sizes its terminal while it still has our handlers."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGWINCH})
