"""The process of one workshop, `python -m meshpeek.cli.parallel`, started by meshpeek.

It reads a job from standard input, runs it as `ci` does, and writes events to standard output; see
`messages`. The end of standard input interrupts the run, as SIGTERM does.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal

from meshpeek.cli.parallel.messages import Ended, Job, MessageWriter, read_job
from meshpeek.cli.play import play
from meshpeek.cli.secrecy import mask_text
from meshpeek.errors import ExitCode, MeshpeekError, describe_defect
from meshpeek.sinks.fanout import Fanout

_INPUT, _OUTPUT, _ERRORS = 0, 1, 2


def main() -> None:
    """Do the job."""
    try:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        job = read_job(_INPUT)
        with os.fdopen(_claim_output(), "wb") as stream:
            writer = MessageWriter(stream)
            ended = _run(job, writer)
            for number in (signal.SIGIO, signal.SIGTERM):
                signal.signal(number, signal.SIG_IGN)  # there is nothing left to interrupt
            writer.send(ended)
        raise SystemExit(ended.code)
    except (KeyboardInterrupt, EOFError, BrokenPipeError):
        raise SystemExit(ExitCode.INTERRUPTED) from None


def _run(job: Job, writer: MessageWriter) -> Ended:
    try:
        _interrupt_at_end_of_input()
        code = play(
            job.workshop,
            job.settings,
            Fanout([("the events", writer)]),
            job.transcript,
            screen=Fanout([]),
        )
    except MeshpeekError as error:
        return Ended(error.exit_code, mask_text(error.render()))
    except KeyboardInterrupt:
        return Ended(ExitCode.INTERRUPTED)
    except Exception as error:  # noqa: BLE001  # whatever it is, it is told as an error
        return Ended(ExitCode.DEFECT, mask_text(describe_defect(error, os.environ)))
    return Ended(code)


def _claim_output() -> int:
    """Return a descriptor for the pipe that no child inherits; stdout becomes stderr."""
    pipe = fcntl.fcntl(_OUTPUT, fcntl.F_DUPFD_CLOEXEC, _ERRORS + 1)
    os.dup2(_ERRORS, _OUTPUT)
    return pipe


def _interrupt_at_end_of_input() -> None:
    """Raise KeyboardInterrupt when the parent process is gone, even if it was killed.

    The kernel sends SIGIO then: a thread that waits would be running when bash is forked.
    """
    signal.signal(signal.SIGIO, signal.default_int_handler)
    fcntl.fcntl(_INPUT, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(_INPUT, fcntl.F_GETFL)
    fcntl.fcntl(_INPUT, fcntl.F_SETFL, flags | os.O_ASYNC)
    if select.select([_INPUT], [], [], 0)[0]:
        raise KeyboardInterrupt
