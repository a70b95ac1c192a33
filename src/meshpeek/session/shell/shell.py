"""The session's shell: one bash for the whole workshop, command by command.

Each command is one `eval` line between two markers (see session.bash). The marker that ends it
travels through the pty itself, because only there is it sure to come after the command's output.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Generator, Iterable, Mapping
from pathlib import Path

from meshpeek.errors import EnvironmentUnfitError
from meshpeek.session.shell import state
from meshpeek.session.shell.absence import Absence
from meshpeek.session.shell.command_stream import (
    BackgroundOutput,
    CommandExit,
    CommandStream,
    Ending,
    OutputChunk,
    Prompt,
)
from meshpeek.session.shell.deadline import Deadline
from meshpeek.session.shell.line_editing import sourced_if_it_edits_lines
from meshpeek.session.shell.markers import (
    Marker,
    MarkerScanner,
    command_lines,
    end_line,
    plain_lines,
)
from meshpeek.session.shell.processes import SESSION_VARIABLE, end_processes, start_of
from meshpeek.session.shell.prompt_watch import PromptWatch
from meshpeek.session.shell.pty import BashPty
from meshpeek.session.shell.shell_settings import ShellSettings
from meshpeek.session.shell.state_receiver import StateReceiver
from meshpeek.session.shell.takeover import edit_command, takeover_lines
from meshpeek.terminal.keyboard import Keyboard

_POLL_SECONDS = 0.1
_REMINDERS = 3
"""How often bash is asked again for the end of a command, which an interrupt may have cost."""
_START_SECONDS = 20.0
_EXIT = "\\builtin \\exit\n" * 2  # twice, because bash asks again when there are stopped jobs
_CLOSE_SECONDS = 2.0
_ASK_SECONDS = 10.0


_DEFAULTS = ShellSettings()


class Shell:
    """One bash session: `run` commands one after the other, and `close` it in the end.

    `directory` is an existing, empty folder for the session's own files. `environment` is the
    whole environment. Raises EnvironmentUnfitError without bash.
    """

    def __init__(
        self,
        directory: Path,
        environment: Mapping[str, str],
        settings: ShellSettings = _DEFAULTS,
    ) -> None:
        self._directory = directory
        self._inherited = {"PATH": os.defpath, **state.not_held_by_bash(environment)}
        if "PATH" in environment:
            self._inherited["PATH"] = environment["PATH"]
        self._settings = settings
        self._keyboard = settings.keyboard
        restoration = settings.restoration
        self._token = os.urandom(8).hex()
        self._secret = os.urandom(8).hex()  # no command can find this one
        self._count = restoration.state.number if restoration else 0
        self._statuses = restoration.statuses if restoration else (0, 0)
        self._interrupts = 0
        self._closed = False
        self._is_broken = False
        self._absence: Absence | None = None
        self._prompts: PromptWatch | None = None
        self._states = StateReceiver(directory, settings.state_folder)
        self._pty = BashPty(
            directory,
            size=settings.size,
            raw_output=self._keyboard is None,
            states=self._states,
        )
        if restoration is None:
            self._start({**environment, SESSION_VARIABLE: self._token}, restore=None)
        else:
            self._start_again(
                state.restore_script(restoration, environment)
                + f"builtin export {SESSION_VARIABLE}={self._token}\n".encode()
            )
        self._began = start_of(self._pty.leader)

    def _start(self, environment: Mapping[str, str], restore: Path | None) -> None:
        variables = {
            **environment,
            "MESHPEEK_DIRECTORY": str(self._directory),
            "MESHPEEK_RESTORE": str(restore or ""),
            "MESHPEEK_NAME": self._settings.name,
        }
        self._pty.start(variables, self._settings.arguments, self._settings.folder)
        self._scanner = MarkerScanner(self._secret)
        for item in self._execute("", Deadline(_START_SECONDS), None):
            if isinstance(item, CommandExit) and item.ending is not Ending.COMPLETED:
                raise EnvironmentUnfitError(
                    "bash did not start", hint="run `bash --noediting -i` to see why"
                )
        self._pty.remember_settings()

    def resize(self, rows: int, columns: int) -> None:
        """Give the terminal another size; the foreground job gets SIGWINCH."""
        self._pty.resize(rows, columns)

    def refresh(self) -> None:
        """Have the program in the foreground draw its screen again."""
        self._pty.refresh()

    @property
    def count(self) -> int:
        """How many commands have been run: the number of the last one."""
        return self._count

    def run(
        self,
        command: str,
        *,
        timeout: float | Deadline | None = None,
        errors: Path | None = None,
        is_answered: bool = False,
    ) -> CommandStream:
        """Run one complete bash command; yield what it writes, and last its CommandExit.

        After `timeout` (seconds) the foreground job gets INT, TERM and KILL in turn. A Prompt says
        that it seems to wait for the keyboard. Standard error goes to the file `errors`, if there
        is one. `is_answered`: without a keyboard, the command can read what `type_in` is given, and
        finds no end-of-file before `end_input`. If the command ends bash itself, or makes it
        useless (SHELL_BROKEN), the next one runs in a fresh bash that has the directory, variables,
        functions, aliases, options and traps of the old one.
        When the iterator is closed before its end, the foreground job is ended as by a timeout.
        """
        return self._execute(
            command,
            timeout if isinstance(timeout, Deadline) else Deadline(timeout),
            self._keyboard,
            errors=errors,
            is_answered=is_answered,
        )

    def type_in(self, text: str) -> None:
        """Type `text` into the terminal, for the command that runs."""
        self._pty.type_in(text.encode(errors="surrogateescape"))

    def end_input(self) -> None:
        """Let the command that runs find end-of-file when it reads the terminal."""
        self._absence = Absence(self._pty)

    def ask(self, command: str) -> str:
        """Run a command of meshpeek's own, without keyboard; return what it prints."""
        items = self._execute(command, Deadline(_ASK_SECONDS), None, changes=False)
        printed = b"".join(item.data for item in items if isinstance(item, OutputChunk))
        return printed.decode(errors="replace")

    def take_over(self, history: Iterable[str] = ()) -> CommandStream:
        """Give bash itself to the keyboard, with line editing, until `exit` or ^D there.

        It is the session's own bash. The arrow keys find the commands in `history`, beside
        earlier ones. The CommandExit says only that it ended. If the iterator is closed before
        that, bash and its jobs end as when its terminal is closed.
        """
        self._get_ready()
        self._changes, self._is_plain = True, False
        self._prompts = None
        before = self._statuses
        lines = takeover_lines(self._marked, self._pty.fifo, history)
        running = self._perform(lines, Deadline(None), self._keyboard)
        try:
            for item in running:  # noqa: UP028  # bash has to end before this is closed
                yield item
        except GeneratorExit:
            os.kill(self._pty.leader, signal.SIGHUP)
            running.close()
            raise
        finally:
            self._statuses = before

    def edit(self, text: str) -> Generator[OutputChunk | str, None, None]:
        """Edit `text` with bash's line editor; yield what that writes, and last the new text.

        There is no new text after ^C or ^D. Needs bash 4.
        """
        before = self._statuses
        result = self._directory / "edited"
        result.unlink(missing_ok=True)
        command = edit_command(text, self._pty.fifo, result)
        for item in self._execute(command, Deadline(None), self._keyboard):
            if isinstance(item, OutputChunk):
                yield item
        self._statuses = before
        with contextlib.suppress(FileNotFoundError):
            yield result.read_text(errors="surrogateescape")

    def _execute(
        self,
        command: str,
        deadline: Deadline,
        keyboard: Keyboard | None,
        *,
        changes: bool = True,
        errors: Path | None = None,
        is_answered: bool = False,
    ) -> CommandStream:
        self._get_ready()
        self._changes = changes
        self._prompts = PromptWatch(self._pty.reads_keys) if keyboard else None
        is_unattended = keyboard is None and not is_answered
        stdin = "/dev/null" if is_unattended else "/dev/tty"
        self._is_plain = errors is None and self._states.stays_true_after(command)
        if self._is_plain:
            lines = plain_lines(command, self._marked, stdin=stdin)
        else:
            lines = command_lines(
                sourced_if_it_edits_lines(command, self._directory),
                self._marked,
                statuses=self._statuses,
                disabled=self._states.disabled,
                stdin=stdin,
                stderr=None if errors is None else str(errors),
            )
        if self._keyboard is None and self._pty.has_typed:
            self._pty.forget_input()  # what the command before did not read
        self._absence = None
        if self._keyboard is None and not is_answered:
            self.end_input()
        return self._perform(lines, deadline, keyboard)

    def _get_ready(self) -> None:
        """Make sure that bash runs and its terminal is in order, and count the next command."""
        if self._is_broken or not self._pty.is_alive():
            self._replace()
        self._pty.restore()
        self._count += 1
        self._marked = f"{self._secret}.{self._count}"

    def _perform(self, lines: str, deadline: Deadline, keyboard: Keyboard | None) -> CommandStream:
        self._pty.send(self._states.take_unexported() + lines)
        self._begun = finished = False
        self._interrupts = 0
        try:
            with self._pty.lend(keyboard) if keyboard else contextlib.nullcontext():
                for item in self._follow(deadline):
                    finished = isinstance(item, CommandExit)
                    yield item
        finally:
            if not finished:
                for _ in self._follow(Deadline(0)):
                    pass

    def _follow(self, deadline: Deadline) -> CommandStream:
        """Yield what the terminal has, up to the command's end marker or the end of bash.

        If bash has read all lines and waits for another, but has not marked the end, the command
        has changed something that this depends on: then bash is of no more use.
        """
        asked = False
        reminders = _REMINDERS
        while True:
            self._interrupts += deadline.enforce(self._pty.foreground, self._pty.leader)
            data, ended = self._pty.read(deadline.seconds_left(_POLL_SECONDS))
            self._interrupts += self._pty.take_interrupts()
            if data:
                asked = False
            elif self._interrupts and self._pty.foreground() == self._pty.leader:
                self._remind()
            elif asked and self._pty.has_read_lines:
                if not reminders:
                    yield self._broken(deadline)
                    return
                reminders -= 1
                asked = False
                self._pty.send_more(f"\n{end_line(self._marked)}\n")
            elif self._pty.has_read_lines:
                # bash reads a line when it is done with the one before.
                asked = True
                self._pty.send_more("\n")
            if self._prompts and not data and self._prompts.is_waiting():
                yield Prompt()
            if self._absence and self._begun:
                self._absence.attend()
            while True:
                before, marker = self._scanner.scan(data)
                data = b""
                if before:
                    if watch := self._prompts or self._absence:
                        watch.wrote(before)
                    yield OutputChunk(before) if self._begun else BackgroundOutput(before)
                if marker is None:
                    break
                if marker.number != self._count:
                    continue  # an interrupted command may be marked twice
                if marker.statuses:
                    yield self._complete(marker, deadline)
                    return
                self._begun = True
                if self._absence:
                    self._absence.wrote(b"")
            if ended:
                rest = self._scanner.release()
                if rest:
                    yield OutputChunk(rest)
                yield self._shell_ended(deadline)
                return

    def _remind(self) -> None:
        """Ask again for the end marker: each interrupt may make bash drop a line it has read."""
        self._interrupts -= 1
        self._pty.send_more(f"\n{end_line(self._marked)}\n")

    def _complete(self, marker: Marker, deadline: Deadline) -> CommandExit:
        is_whole = self._is_plain or self._states.take(self._count, is_kept=self._changes)
        if not self._begun or not is_whole:
            return self._broken(deadline)
        self._statuses = marker.statuses
        status, *parts = marker.statuses
        ending = Ending.TIMED_OUT if deadline.passed else Ending.COMPLETED
        return CommandExit(status, tuple(parts), ending, self._pty.steered, self._question())

    def _broken(self, deadline: Deadline) -> CommandExit:
        """End a command of which bash did not mark the beginning or the end, or write its state."""
        self._is_broken = True
        self._statuses = (1, 1)
        ending = Ending.TIMED_OUT if deadline.passed else Ending.SHELL_BROKEN
        return CommandExit(1, (1,), ending)

    def _shell_ended(self, deadline: Deadline) -> CommandExit:
        status = self._pty.wait()
        self._states.take_last(self._count)
        self._statuses = (status, status)
        ending = Ending.TIMED_OUT if deadline.passed else Ending.SHELL_ENDED
        return CommandExit(status, (status,), ending, question=self._question())

    def _question(self) -> str | None:
        return self._absence.ended() if self._absence else None

    def _replace(self) -> None:
        """Start a new bash in the state that the last one wrote."""
        self._pty.close_terminal()
        self._pty.forget_lines()
        self._is_broken = False
        self._count -= 1  # what the new one saves at its start is the state after the last command
        self._start_again(self._states.script)

    def _start_again(self, script: bytes | None) -> None:
        """Start a bash that runs `script` first, in place of the one before."""
        statuses = self._statuses
        file = self._directory / "restore"
        file.touch(mode=0o600)
        file.write_bytes(script or b"")
        self._start(self._inherited, file)
        self._statuses = statuses

    def exported(self, name: str) -> str | None:
        """Return a variable's value at the end of the last command, None if it is not exported."""
        return self._states.exported(name)

    def background_jobs(self) -> str:
        """Return bash's list of running jobs, a line each."""
        return self.ask(r"\builtin jobs -l") if self._pty.is_alive() else ""

    def close(self) -> bytes:
        """End bash and all it started; return what its EXIT trap wrote. Safe to call twice."""
        words = b""
        if self._closed:
            return words
        self._closed = True
        try:
            if self._pty.is_alive():
                self._pty.send(self._states.take_unexported() + _EXIT)
                deadline = Deadline(_CLOSE_SECONDS)
                ended = False
                while not ended:
                    deadline.enforce(self._pty.foreground, self._pty.leader)
                    data, ended = self._pty.read(deadline.seconds_left(_POLL_SECONDS))
                    words += data
        finally:
            end_processes(self._pty.leader, self._token, self._began)
            self._pty.close()
            self._states.close()
        return words.removeprefix(b"exit\r\n").removeprefix(b"exit\n")
