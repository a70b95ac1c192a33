"""The session: one bash under a pty for the whole workshop. The only module that touches it.

bash is interactive, so that job control, aliases and messages are those of a prompt, but it
reads its lines from a FIFO of ours and never from the terminal: what a person types while a
command runs can reach that command and nothing else. Each command is one `eval` line between
two markers (see session.bash). The marker that ends it travels through the pty itself, because
only there is it sure to come after the command's output.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import termios
import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path

import pexpect

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.session import state
from meshpeek.session.command_stream import (
    BackgroundOutput,
    CommandExit,
    CommandStream,
    Ending,
    OutputChunk,
)
from meshpeek.session.deadline import Deadline
from meshpeek.session.markers import Marker, MarkerScanner, command_lines, end_line
from meshpeek.session.processes import SESSION_VARIABLE, end_processes, start_of
from meshpeek.session.state import Restoration
from meshpeek.session.state_receiver import StateReceiver
from meshpeek.session.takeover import edit_command, takeover_lines
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
_POLL_SECONDS = 0.1
_START_SECONDS = 20.0
_CLOSE_SECONDS = 2.0
_QUIET_SECONDS = 0.05
_ASK_SECONDS = 10.0


class Shell:
    """One bash session: `run` commands one after the other, and `close` it in the end.

    `directory` is an existing, empty folder for the session's own files, and `state_folder` one
    for the state that outlives bash (None: the same). `restoration` is what to go on with from
    an earlier session. `environment` is the whole environment; `arguments` are bash's `$1` and on;
    `size` is rows and columns. `name` is its `$0`, and what its messages begin with (bash's own
    where it is empty; bash 5.0 and newer). `folder` is where it begins, None for the working
    directory.
    `keyboard` is lent to each command while it runs, and output has the line ends that a screen
    needs (CR LF). Without one, commands read end-of-file, from the terminal too, and output is
    passed on exactly as it was written. Raises EnvironmentUnfitError without bash.
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        *,
        keyboard: Keyboard | None = None,
        size: tuple[int, int] = (24, 80),
        arguments: tuple[str, ...] = (),
        name: str = "",
        state_folder: Path | None = None,
        restoration: Restoration | None = None,
        folder: Path | None = None,
    ) -> None:
        self._directory = directory
        self._path = environment.get("PATH", os.defpath)
        self._keyboard = keyboard
        self._lent: Keyboard | None = None
        self._size = size
        self._shrunk: float | None = None
        self._arguments = arguments
        self._name = name
        self._folder = folder
        self._token = os.urandom(8).hex()
        self._count = restoration.state.number if restoration else 0
        self._statuses = restoration.statuses if restoration else (0, 0)
        self._flags = ""
        self._fifo_path = directory / "commands"
        self._device = directory / "terminal"
        os.mkfifo(self._fifo_path, 0o600)
        # Open for both, so that bash never finds the FIFO without a writer while we live.
        self._fifo = os.open(self._fifo_path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._states = StateReceiver(directory, state_folder)
        if restoration is None:
            self._start({**environment, SESSION_VARIABLE: self._token}, restore=None)
        else:
            self._start_again(
                state.adapted(restoration, environment)
                + f"builtin export {SESSION_VARIABLE}={self._token}\n".encode()
            )
        self._began = start_of(self._leader)

    @contextlib.contextmanager
    def _resizes_held_back(self) -> Iterator[None]:
        """Let SIGWINCH wait: the child sizes its terminal while it still has our handlers."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGWINCH})
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGWINCH})

    def _start(self, environment: Mapping[str, str], restore: Path | None) -> None:
        try:
            with self._resizes_held_back():
                self._child = pexpect.spawn(
                    "bash",
                    [
                        "--noediting",
                        "--rcfile",
                        str(_BOOTSTRAP),
                        "-i",
                        "-s",
                        "--",
                        *self._arguments,
                    ],
                    env={
                        **environment,
                        "MESHPEEK_DIRECTORY": str(self._directory),
                        "MESHPEEK_RESTORE": str(restore or ""),
                        "MESHPEEK_NAME": self._name,
                    },
                    dimensions=self._size,
                    cwd=self._folder,
                    preexec_fn=self._prepare_child,
                )
        except pexpect.ExceptionPexpect as error:
            raise EnvironmentUnfitError(
                "bash was not found", hint="install bash and see that it is on PATH"
            ) from error
        self._child.delaybeforesend = None  # or each send would wait for 50 ms
        self._terminal = self._child.child_fd
        self._leader: int = self._child.pid  # type: ignore[assignment]  # it has been spawned
        os.set_blocking(self._terminal, False)
        self._scanner = MarkerScanner(self._token)
        self._settings = termios.tcgetattr(self._terminal)
        for item in self._execute("", Deadline(_START_SECONDS), None):
            if isinstance(item, CommandExit) and item.ending is not Ending.COMPLETED:
                raise EnvironmentUnfitError(
                    "bash did not start", hint="see what `bash --noediting -i` says"
                )
        self._settings = termios.tcgetattr(self._terminal)

    def _prepare_child(self) -> None:
        """Set up signals, terminal and standard input in the child, before it becomes bash."""
        for number in _TERMINAL_SIGNALS:  # what is ignored here, bash could not change any more
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGWINCH})
        if self._keyboard is None:
            settings = termios.tcgetattr(0)
            settings[1] &= ~termios.OPOST
            termios.tcsetattr(0, termios.TCSANOW, settings)
        self._device.write_text(os.ttyname(0))
        commands = os.open(self._fifo_path, os.O_RDONLY)
        os.dup2(commands, 0)
        os.close(commands)

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

    @property
    def count(self) -> int:
        """How many commands there have been; the number of the last one."""
        return self._count

    def run(self, command: str, *, timeout: float | None = None) -> CommandStream:
        """Run one complete bash command; yield what it writes, and last its CommandExit.

        After `timeout` seconds the foreground job gets INT, TERM and KILL in turn. If the
        command ends bash itself, the next one runs in a fresh bash that has the old one's
        directory, variables, functions, aliases, options and traps. When the iterator is
        closed before its end, the foreground job is ended as by a timeout.
        """
        return self._execute(command, Deadline(timeout), self._keyboard)

    def ask(self, command: str) -> str:
        """Run a command of our own, that needs no keyboard, and return what it prints."""
        items = self._execute(command, Deadline(_ASK_SECONDS), None, changes=False)
        printed = b"".join(item.data for item in items if isinstance(item, OutputChunk))
        return printed.decode(errors="replace")

    def take_over(self, history: Iterable[str] = ()) -> CommandStream:
        """Give bash itself to the keyboard, with line editing, until `exit` or ^D there.

        What is done there is done to the session. `history` are commands that the arrow keys
        find, beside those of earlier times. The CommandExit means nothing but the end. When the
        iterator is closed before it, bash ends as when its terminal is closed, and its jobs too.
        """
        self._get_ready()
        self._changes = True
        before = self._statuses
        lines = takeover_lines(self._marked, self._fifo_path, history)
        running = self._perform(lines, Deadline(None), self._keyboard)
        try:
            for item in running:  # noqa: UP028  # bash is to go before this is closed
                yield item
        except GeneratorExit:
            os.kill(self._leader, signal.SIGHUP)
            running.close()
            raise
        finally:
            self._statuses = before

    def edit(self, text: str) -> Generator[OutputChunk | str, None, None]:
        """Let the keyboard change `text` with bash's line editor; yield what that writes.

        Last comes the text as it was at RETURN, unless it was left with ^C or ^D. Needs bash 4.
        """
        before = self._statuses
        result = self._directory / "edited"
        result.unlink(missing_ok=True)
        command = edit_command(text, self._fifo_path, result)
        for item in self._execute(command, Deadline(None), self._keyboard):
            if isinstance(item, OutputChunk):
                yield item
        self._statuses = before
        with contextlib.suppress(FileNotFoundError):
            yield result.read_text(errors="surrogateescape")

    def _execute(
        self, command: str, deadline: Deadline, keyboard: Keyboard | None, *, changes: bool = True
    ) -> CommandStream:
        self._get_ready()
        self._changes = changes
        stdin = "/dev/null" if keyboard is None else "/dev/tty"
        lines = command_lines(
            command,
            self._marked,
            statuses=self._statuses,
            traced="x" in self._flags,
            stdin=stdin,
        )
        if self._keyboard is None:
            self._end_input()
        return self._perform(lines, deadline, keyboard)

    def _get_ready(self) -> None:
        """See that there is a bash, its terminal in order, and count what comes."""
        if not self._child.isalive():
            self._replace()
        if termios.tcgetattr(self._terminal) != self._settings:
            termios.tcsetattr(self._terminal, termios.TCSANOW, self._settings)
        if self._shrunk:
            self._restore_size()
        self._count += 1
        self._marked = f"{self._token}.{self._count}"

    def _perform(self, lines: str, deadline: Deadline, keyboard: Keyboard | None) -> CommandStream:
        lines = self._states.take_unexported() + lines
        self._unsent = lines.encode(errors="surrogateescape")
        self._begun = finished = False
        self._interrupts = 0
        try:
            with self._lend(keyboard):
                for item in self._follow(deadline):
                    finished = isinstance(item, CommandExit)
                    yield item
        finally:
            if not finished:
                for _ in self._follow(Deadline(0)):
                    pass

    @contextlib.contextmanager
    def _lend(self, keyboard: Keyboard | None) -> Iterator[None]:
        if keyboard is None:
            yield
            return
        with keyboard.lent():
            self._lent = keyboard
            self._forget_input()
            self._child.send(keyboard.take_unread())
            try:
                yield
            finally:
                self._lent = None

    def _end_input(self) -> None:
        """Let a command that asks the terminal itself (a password prompt) find end-of-file there.

        What nobody has read of it stays; when that has filled the terminal's buffer, it is enough.
        """
        with contextlib.suppress(BlockingIOError):
            os.write(self._terminal, _END_OF_FILE_KEY)

    def _forget_input(self) -> None:
        """Drop what was typed for the last command, and that it did not read."""
        terminal = os.open(self._device.read_text(), os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        try:
            termios.tcflush(terminal, termios.TCIFLUSH)
        finally:
            os.close(terminal)

    def _follow(self, deadline: Deadline) -> CommandStream:
        """Pass on what the terminal brings, up to the command's end marker or bash's end."""
        while True:
            self._interrupts += deadline.enforce(self._foreground, self._leader)
            data, ended = self._read(deadline.seconds_left(_POLL_SECONDS))
            if self._shrunk and not data and time.monotonic() - self._shrunk >= _POLL_SECONDS:
                self._restore_size()
            if not data and self._interrupts and self._foreground() == self._leader:
                self._remind()
            while True:
                before, marker = self._scanner.scan(data)
                data = b""
                if before:
                    yield OutputChunk(before) if self._begun else BackgroundOutput(before)
                if marker is None:
                    break
                if marker.number != self._count:
                    continue  # an interrupted command may be marked twice
                if marker.statuses:
                    yield self._complete(marker, deadline)
                    return
                self._begun = True
            if ended:
                rest = self._scanner.release()
                if rest:
                    yield OutputChunk(rest)
                yield self._bury(deadline)
                return

    def _remind(self) -> None:
        """Ask once more for the end marker: each interrupt may cost bash a line it had read."""
        self._interrupts -= 1
        self._unsent += f"\n{end_line(self._marked)}\n".encode()

    def _read(self, seconds: float) -> tuple[bytes, bool]:
        """Return what the terminal has, waiting at most `seconds`, and whether bash is gone."""
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
                return b"".join(chunks), True
            if not chunk:
                return b"".join(chunks), True
            chunks.append(chunk)
            size += len(chunk)
            if len(chunk) < _SHORT_BYTES:
                break
        return b"".join(chunks), False

    def _wait(self, seconds: float) -> bool:
        """Wait for output, moving keys and commands meanwhile; tell whether anything happened."""
        sources: list[int | Keyboard | StateReceiver] = [self._terminal]
        if self._states.is_long:
            sources.append(self._states)
        if self._lent is not None:
            sources.append(self._lent)
        sinks = [self._fifo] if self._unsent else []
        readable, writable, _ = select.select(sources, sinks, [], seconds)
        if writable:
            self._unsent = self._unsent[os.write(self._fifo, self._unsent) :]
        if self._lent in readable:
            keys = self._lent.read_for_child()
            self._interrupts += keys.count(_INTERRUPT_KEY)
            self._child.send(keys)
        if self._states in readable or not (readable or writable):
            self._states.read()
        return bool(readable or writable)

    def _drain(self) -> bytes:
        """Return what bash left in the terminal when it went; its jobs may still hold that open."""
        chunks = []
        while select.select([self._terminal], [], [], _QUIET_SECONDS)[0]:
            try:
                chunks.append(os.read(self._terminal, _CHUNK_BYTES))
            except OSError:
                break
        return b"".join(chunks)

    def _complete(self, marker: Marker, deadline: Deadline) -> CommandExit:
        self._states.take(self._marked, is_kept=self._changes)
        self._flags = marker.flags
        self._statuses = marker.statuses
        status, *parts = marker.statuses
        ending = Ending.TIMED_OUT if deadline.passed else Ending.COMPLETED
        return CommandExit(status, tuple(parts), ending)

    def _bury(self, deadline: Deadline) -> CommandExit:
        self._child.wait()
        self._states.take_last(self._marked)
        self._flags = ""
        signalled = self._child.signalstatus
        status = 128 + signalled if signalled else self._child.exitstatus or 0
        self._statuses = (status, status)
        ending = Ending.TIMED_OUT if deadline.passed else Ending.SHELL_ENDED
        return CommandExit(status, (status,), ending)

    def _foreground(self) -> int:
        return os.tcgetpgrp(self._terminal)

    def _replace(self) -> None:
        """Start a fresh bash in the state that the last one wrote down."""
        self._close_terminal()
        with contextlib.suppress(BlockingIOError):  # lines that the old one did not come to
            while os.read(self._fifo, _CHUNK_BYTES):
                pass
        self._count -= 1  # what the new one saves at its start is the state after the last command
        self._start_again(self._states.script)

    def _start_again(self, script: bytes | None) -> None:
        """Start a bash that goes on with what `script` says, as if it were the one before."""
        statuses = self._statuses
        file = self._directory / "restore"
        file.touch(mode=0o600)
        file.write_bytes(script or b"")
        self._start({"PATH": self._path}, file)
        self._statuses = statuses

    def background_jobs(self) -> str:
        """Return bash's list of the jobs that still run, a line each; empty when there are none."""
        return self.ask("builtin jobs -l") if self._child.isalive() else ""

    def close(self) -> bytes:
        """End bash and all it started; return what its EXIT trap wrote. Safe to call twice."""
        words = b""
        if self._fifo < 0:
            return words
        try:
            if self._child.isalive():
                # Twice, because bash asks again when there are stopped jobs.
                lines = self._states.take_unexported() + "builtin exit\nbuiltin exit\n"
                self._unsent = lines.encode()
                deadline = Deadline(_CLOSE_SECONDS)
                ended = False
                while not ended:
                    deadline.enforce(self._foreground, self._leader)
                    data, ended = self._read(deadline.seconds_left(_POLL_SECONDS))
                    words += data
        finally:
            end_processes(self._leader, self._token, self._began)
            self._close_terminal()
            self._states.close()
            os.close(self._fifo)
            self._fifo = -1
        return words.removeprefix(b"exit\r\n").removeprefix(b"exit\n")

    def _close_terminal(self) -> None:
        """Close the pty without the pauses that pexpect would make, 0.1 s each."""
        process = self._child.ptyproc  # type: ignore[attr-defined]  # the stubs lack it
        process.delayafterclose = process.delayafterterminate = 0
        self._child.close(force=True)
