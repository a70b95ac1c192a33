"""What this process must not print: the secrets of all workshops that it has read.

A run hides its own secrets from all sinks (`run.masked`). This is for what is printed besides:
errors, listings, and what a report has of a workshop that cannot be run.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from meshpeek.errors import EnvironmentUnfitError, MeshpeekError
from meshpeek.run.masking import Masker
from meshpeek.workshop.loading import read_text
from meshpeek.workshop.model import SHORTEST_SECRET, FrontMatter, Workshop

_known: set[str] = set()


def secrets_of(settings: FrontMatter, environment: Mapping[str, str]) -> list[str]:
    """Return the values of the variables that the settings name as secrets, if they are set.

    Raises EnvironmentUnfitError for a value that is too short to be told from other text.
    """
    variables = {**environment, **settings.env}
    secrets = []
    for name in sorted(settings.secrets):
        value = variables.get(name, "")
        if 0 < len(value) < SHORTEST_SECRET:
            raise EnvironmentUnfitError(
                f"the value of {name} is too short to hide: {len(value)} characters",
                hint=f"a secret needs {SHORTEST_SECRET} or more, or no value at all",
            )
        if value:
            secrets.append(value)
    return secrets


def masker_for(workshop: Workshop) -> Masker:
    """Return what hides the secrets of the workshop in texts, but those too short for it."""
    remember_secrets(_values_of(workshop.front_matter))
    return _masker(frozenset(_known))


def remember_secrets(values: Iterable[str]) -> None:
    """Hide these values, too, from now on; those that are too short for it are left out."""
    _known.update(value for value in values if len(value) >= SHORTEST_SECRET)


def mask_text(text: str) -> str:
    """Return `text` as it may be printed."""
    return _masker(frozenset(_known)).mask_text(text)


@lru_cache(maxsize=1)
def _masker(values: frozenset[str]) -> Masker:
    return Masker(values)


@contextlib.contextmanager
def hiding_secrets(workshop: Path | Workshop) -> Iterator[None]:
    """Hide the secrets of a workshop in an error about it, and in all that is printed later.

    It may be one that is wrong, in the file at that path.
    """
    if isinstance(workshop, Workshop):
        remember_secrets(_values_of(workshop.front_matter))
    try:
        yield
    except MeshpeekError as error:
        if isinstance(workshop, Path):
            remember_file(workshop)
        error.hide(mask_text)
        raise


def _values_of(settings: FrontMatter) -> Iterator[str]:
    variables = {**os.environ, **settings.env}
    return (variables.get(name, "") for name in settings.secrets)


def remember_file(file: Path) -> None:
    """Hide the secrets of the workshop in `file`, which may be wrong, from now on."""
    from meshpeek.workshop.parse.setting_blocks.front_matter import find_secrets

    with contextlib.suppress(MeshpeekError):
        values, names = find_secrets(read_text(str(file)), str(file))
        remember_secrets((*values, *(os.environ.get(name, "") for name in names)))
