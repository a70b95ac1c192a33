"""The errors meshpeek tells its user about: what is wrong, where, and what to do next.

Each is raised where it is found and printed in one place, `cli.main`. An exception that no code
expects is a defect of meshpeek: `__main__` prints it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import IntEnum

DEBUG_VARIABLE = "MESHPEEK_DEBUG"
"""The environment variable that has a defect of meshpeek shown with its traceback."""


class ExitCode(IntEnum):
    """What the process tells its caller; part of the public interface."""

    PASSED = 0
    STEP_FAILED = 1
    WRONG_INPUT = 2
    UNFIT_ENVIRONMENT = 3
    DEFECT = 70  # EX_SOFTWARE of sysexits.h
    INTERRUPTED = 130


_BY_WEIGHT = (
    ExitCode.PASSED,
    ExitCode.STEP_FAILED,
    ExitCode.UNFIT_ENVIRONMENT,
    ExitCode.WRONG_INPUT,
    ExitCode.DEFECT,
    ExitCode.INTERRUPTED,
)


def worst_of(codes: Iterable[ExitCode]) -> ExitCode:
    """Return the exit code of several runs that matters most; PASSED if there is none."""
    return max(codes, key=_BY_WEIGHT.index, default=ExitCode.PASSED)


class MeshpeekError(Exception):
    """An error with an exit code and, where one helps, a hint that says what to do next."""

    exit_code = ExitCode.WRONG_INPUT

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def hide(self, hide: Callable[[str], str]) -> None:
        """Have the error's texts be what `hide` makes of them."""
        self.message = hide(self.message)
        self.hint = self.hint and hide(self.hint)

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


class DefectError(MeshpeekError):
    """A part of meshpeek has failed by a defect of its own, and the run went on without it."""

    exit_code = ExitCode.DEFECT


def broken_sinks(
    told: str, broken: Sequence[tuple[str, Exception]], environment: Mapping[str, str]
) -> MeshpeekError:
    """Return the error for sinks that have raised, by name; `told` says what that means.

    A defect is any exception that is not about the machine, such as a full disk.
    """
    defects = [
        (name, error) for name, error in broken if not isinstance(error, (OSError, MeshpeekError))
    ]
    if not defects:
        return EnvironmentUnfitError(
            f"{told}: {'; '.join(f'{name}: {error}' for name, error in broken)}"
        )
    name, error = defects[0]
    described = describe_defect(error, environment).removeprefix("error: ")
    return DefectError(f"{told}: {name}: {described}")


def describe_defect(error: Exception, environment: Mapping[str, str]) -> str:
    """Return the message for an exception that no code expects: meshpeek has a defect.

    With DEBUG_VARIABLE in `environment`, the traceback comes first.
    """
    message = f"error: meshpeek has a defect: {type(error).__name__}: {error}"
    if environment.get(DEBUG_VARIABLE):
        import traceback  # only here: a start has no time for it

        return f"{''.join(traceback.format_exception(error))}{message}"
    return f"{message}\n  hint: report it with the output of `{DEBUG_VARIABLE}=1 meshpeek …`"
