"""Reading the workshops that a command is given, and printing what is wrong in them."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from meshpeek.cli.secrecy import hiding_secrets, mask_text
from meshpeek.cli.standard_streams import flush_output
from meshpeek.errors import ExitCode, InputError, MeshpeekError
from meshpeek.run.settings import RunSettings
from meshpeek.session.nested import OUTER_REHEARSAL
from meshpeek.workshop.loading import find_startup, load_workshop, read_text
from meshpeek.workshop.model import Mode, Workshop
from meshpeek.workshop.problems import Problem
from meshpeek.workshop.step_address import find_step


def load(file: Path, settings: RunSettings) -> Workshop:
    """Read the workshop `file`, and the start-up file, as `settings` say.

    Raises InputError for a file that cannot be read, WorkshopError for one that is wrong.
    """
    is_test = settings.is_test
    # A person's own start-up file must not change what a test does.
    home = None if is_test else os.environ.get("HOME")
    hooks: Mapping[str, str] = {}
    if settings.rehearse and not is_test:
        from meshpeek.rehearsal import default_hooks

        hooks = default_hooks(os.environ, opens=settings.mode is Mode.PRESENT)
    with hiding_secrets(file):
        workshop = load_workshop(
            file,
            {**os.environ, **hooks},
            startup=find_startup(home) if settings.startup else (),
            installations=known_installations,
        )
    if settings.stand_ins is not None:
        workshop = workshop.replace(
            front_matter=workshop.front_matter.replace(stand_ins=settings.stand_ins)
        )
    # An inner workshop has the clusters of the one that runs it.
    if settings.rehearse and OUTER_REHEARSAL not in os.environ:
        from meshpeek.session.rehearsals import with_rehearsed_contexts

        return with_rehearsed_contexts(workshop, settings.clusters)
    return workshop


def known_installations() -> tuple[str, ...]:
    """Return what front matter may have installed on rehearsal clusters."""
    from meshpeek.rehearsal import INSTALLATIONS  # only if front matter installs anything

    return INSTALLATIONS


def lint_file(
    file: Path, startup: Sequence[str], *, for_demosh: bool = False, strict: bool = False
) -> list[Problem]:
    """Return what is wrong in a workshop and what would surprise, after the `startup` files.

    Raises InputError for a file that cannot be read.
    """
    from meshpeek.workshop.linting import lint  # a run has no use for it

    return lint(
        read_text(str(file)),
        str(file),
        read_text,
        installations=known_installations,
        is_command=lambda word: shutil.which(word) is not None,
        exists=lambda path: Path(path).exists(),
        startup=startup,
        for_demosh=for_demosh,
        strict=strict,
    )


def starting_at(address: str | None, workshop: Workshop, settings: RunSettings) -> RunSettings:
    """Return `settings` for a run from the step that `--from` names; as they are without it.

    Raises InputError if there is no such step, or for `--setup` without `--from`.
    """
    if address is not None:
        with hiding_secrets(workshop):
            return settings.replace(start=find_step(workshop, address))
    if settings.setup:
        raise InputError(
            "--setup runs the hidden steps before the step that --from names",
            hint="add --from STEP; a run from the beginning includes the hidden steps",
        )
    return settings


def rewrite(file: Path, text: str) -> None:
    """Write a workshop anew, whole or not at all; its permissions and its line ends stay.

    Raises InputError if it cannot be written.
    """
    target = file.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(text.encode())
        temporary.chmod(target.stat().st_mode)
        temporary.replace(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise InputError(
            f"{file}: cannot be written: {error.strerror}", hint="check its permissions"
        ) from None


@contextlib.contextmanager
def noting_errors(codes: list[ExitCode], workshop: str = "") -> Iterator[None]:
    """Print an error of one of several workshops and add its code to `codes`.

    `workshop` is the path of that workshop.
    """
    try:
        yield
    except MeshpeekError as error:
        print_error(error.render(), workshop)
        codes.append(error.exit_code)


def print_error(text: str, workshop: str = "") -> None:
    """Print an error after what has been printed, with the path of its `workshop`."""
    flush_output()
    place = f"{workshop}: " if workshop and workshop not in text else ""
    print(mask_text(f"{place}{text}"), file=sys.stderr)
