"""The errors meshpeek tells its user about: what is wrong, where, and what to do next.

Each is raised where it is found and printed in one place, `cli.main`.
"""

from __future__ import annotations

from enum import IntEnum

DEBUG_VARIABLE = "MESHPEEK_DEBUG"
"""Set in the environment, it lets a defect of meshpeek show its traceback."""


class ExitCode(IntEnum):
    """What the process tells its caller; part of the public interface."""

    PASSED = 0
    STEP_FAILED = 1
    WRONG_INPUT = 2
    UNFIT_ENVIRONMENT = 3
    INTERRUPTED = 130


class MeshpeekError(Exception):
    """An error with an exit code and, where one helps, a hint that says what to do next."""

    exit_code = ExitCode.WRONG_INPUT

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def render(self) -> str:
        """Return the error as it is printed: the message, then the hint on its own line."""
        lines = [f"error: {self.message}"]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)


class InputError(MeshpeekError):
    """The command line, or a file named on it, cannot be used."""


class EnvironmentUnfitError(MeshpeekError):
    """The machine lacks what the run needs: a tool, a context, a port, a writable report."""

    exit_code = ExitCode.UNFIT_ENVIRONMENT


def describe_defect(error: Exception) -> str:
    """Return how an error is printed that is none of ours: meshpeek has a defect."""
    return (
        f"error: meshpeek has a defect: {type(error).__name__}: {error}\n"
        f"  hint: please report it, with what `{DEBUG_VARIABLE}=1 meshpeek …` prints"
    )
