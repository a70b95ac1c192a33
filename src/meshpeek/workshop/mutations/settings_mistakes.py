"""What goes wrong in front matter: a link, a manifest or a context is missing or elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

from meshpeek.workshop.mutations.mutation import Mutation, edited
from meshpeek.workshop.parse.setting_blocks.settings_comment import KEY, SettingsBlock

if TYPE_CHECKING:
    from yaml import Node


def mutate_settings(text: str, path: str, block: SettingsBlock) -> Iterator[Mutation]:
    """Yield the mutations of the settings in the lines `block` of `text`, the file at `path`."""
    import yaml

    lines = text.split("\n")
    offset = sum(len(line) + 1 for line in lines[: block.first])
    try:
        root = yaml.compose("\n".join(lines[block.first : block.end]), yaml.SafeLoader)
    except yaml.YAMLError:
        return
    settings = root if block.is_comment else _child(root, KEY)
    rehearsal = _child(settings, "rehearsal")
    clusters = rehearsal.value if isinstance(rehearsal, yaml.MappingNode) else []
    for key, cluster in clusters:
        for name in ("manifests", "links"):
            entries = _child(cluster, name)
            if isinstance(entries, yaml.SequenceNode):
                for entry in entries.value:
                    rest = [str(each.value) for each in entries.value if each is not entry]
                    place = offset + entries.start_mark.index, offset + entries.end_mark.index
                    new = f"[{', '.join(rest)}]" if entries.flow_style else f"[{', '.join(rest)}]\n"
                    yield edited(
                        path, text, place, new, name.removesuffix("s"),
                        f"`{entry.value}` is left out of the {name} of {key.value}",
                    )  # fmt: skip
    for (one, left), (other, right) in pairwise(clusters):
        yield _exchanged(path, text, offset, (one, left), (other, right))


def _exchanged(
    path: str, text: str, offset: int, one: tuple[Node, Node], other: tuple[Node, Node]
) -> Mutation:
    """Return the mutation in which two clusters hold what the other should."""
    first, second = one[0], other[0]
    start, end = offset + first.start_mark.index, offset + second.end_mark.index
    between = text[offset + first.end_mark.index : offset + second.start_mark.index]
    new = f"{second.value}{between}{first.value}"
    change = f"{first.value} and {second.value} hold what the other should"
    return edited(path, text, (start, end), new, "manifest", change)


def _child(node: Node | None, name: str) -> Node | None:
    import yaml

    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == name:
                found: Node = value
                return found
    return None
