"""Mutations of a workshop and its manifests: typical mistakes, one in each. Nothing is run here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from meshpeek.workshop.model import Command, Workshop
from meshpeek.workshop.mutations.manifest_mistakes import mutate_manifest
from meshpeek.workshop.mutations.mutation import Mutation, choose
from meshpeek.workshop.mutations.script_mistakes import mutate_script
from meshpeek.workshop.mutations.settings_mistakes import mutate_settings
from meshpeek.workshop.parse.setting_blocks.front_matter_block import read_top
from meshpeek.workshop.parse.text_document import TextDocument

__all__ = ["Mutation", "choose", "manifests_of", "mutate"]

_NAME = re.compile(r"^\s*(?:- )?name:\s*[\"']?([a-z0-9][a-z0-9.-]*)", re.MULTILINE)
_MANIFEST = re.compile(r"[\w./-]+\.ya?ml\b|(?<= -f )[\w./-]+")
_SELECTOR = re.compile(
    r"(?:selector|matchLabels):\s*"
    r"(?:\{(?P<flow>[^}]*)\}|\n(?P<indent>[ ]+)(?P<block>.*(?:\n(?P=indent).*)*))"
)
_KEY = re.compile(r"([\w./-]+):")


def mutate(
    workshop: Workshop, scripts: Mapping[str, str], manifests: Mapping[str, str]
) -> Iterator[Mutation]:
    """Yield the mutations of `workshop`.

    `scripts` are the texts of the files that it was made of, `manifests` those of the manifests
    that it applies or begins with, by path.
    """
    names = frozenset(
        name for text in manifests.values() for name in _NAME.findall(text) if len(name) > 2
    )
    selected = {key for text in manifests.values() for key in _selected_labels(text)}
    commands = "\n".join(step.text for step in workshop.steps if isinstance(step, Command))

    def is_used(label: str) -> bool:
        is_general = "/" not in label or label.startswith("app.kubernetes.io/")
        return not is_general or label in selected or label in commands

    for path, text in scripts.items():
        document = TextDocument(path, text, [])
        settings = read_top(document).settings if path.endswith(".md") else None
        if settings:
            yield from mutate_settings(text, path, settings)
        yield from mutate_script(text, path, workshop, names)
    for path, text in manifests.items():
        yield from mutate_manifest(text, path, is_used)


def _selected_labels(text: str) -> list[str]:
    """Return the labels that the selectors of a manifest ask for."""
    return [
        key
        for found in _SELECTOR.finditer(text)
        for key in _KEY.findall(found["flow"] or found["block"] or "")
    ]


def manifests_of(workshop: Workshop) -> list[str]:
    """Return the paths of manifests, files and folders, that clusters begin with or commands name.

    Some may not exist.
    """
    paths: dict[str, None] = {}
    for wanted in workshop.front_matter.rehearsal.values():
        paths |= dict.fromkeys(wanted.get("manifests", ()))
    for step in workshop.steps:
        if isinstance(step, Command):
            paths |= dict.fromkeys(_MANIFEST.findall(step.text))
    return list(paths)
