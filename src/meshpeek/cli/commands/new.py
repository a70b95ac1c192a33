"""`meshpeek new`: a workshop to begin with, and a job that tests it."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import click

from meshpeek.errors import InputError

_TEMPLATES = {
    "terminal": "commands in a terminal, no cluster",
    "cluster": "one cluster",
    "clusters": "several clusters",
}
_CONTEXTS = {"terminal": (), "cluster": ("demo",), "clusters": ("north", "east")}
_NAME = re.compile(r"[A-Za-z0-9][\w.@:/-]*", re.ASCII)
_JOBS = Path(".github", "workflows")


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--title", help="The title of the workshop.")
@click.option(
    "--template",
    type=click.Choice(list(_TEMPLATES)),
    help="What its commands are for: "
    + "; ".join(f"{n}: {m}" for n, m in _TEMPLATES.items())
    + ".",
)
@click.option(
    "--contexts",
    metavar="A,B",
    help="The kubeconfig contexts of its clusters, with commas between.",
)
@click.option("--job", is_flag=True, help="Write a GitHub workflow that tests it, too.")
def command(
    file: Path, title: str | None, template: str | None, contexts: str | None, job: bool
) -> None:
    """Write a workshop to begin with to FILE; it passes `ci --rehearse` as it is.

    At a terminal, what the options do not say is asked. An existing file is never overwritten.

    Exit codes: 0, or 2 if FILE exists or cannot be written.
    """
    if file.suffix != ".md":
        raise InputError(f"{file}: a workshop's name ends in .md", hint=f"write {file.stem}.md")
    asks = sys.stdin.isatty() and sys.stdout.isatty()
    if title is None:
        title = _default_title(file)
        title = click.prompt("Title", default=title) if asks else title
    if template is None and asks and contexts is None:
        for name, meaning in _TEMPLATES.items():
            click.echo(f"  {name:<9} {meaning}")
        template = click.prompt(
            "Template", default="cluster", type=click.Choice(list(_TEMPLATES)), show_choices=False
        )
    given = _read_contexts(contexts) if contexts is not None else ()
    template = template or _template_for(given)
    if template != "terminal" and contexts is None:
        default = ",".join(_CONTEXTS[template])
        given = _read_contexts(click.prompt("Contexts", default=default) if asks else default)
    _check(template, given)
    values = {
        "title": " ".join(title.split()),
        "contexts": ", ".join(given),
        "first": given[0] if given else "",
        "second": given[-1] if given else "",
    }
    _write(file, _fill(f"{template}.md", values))
    rehearse = "" if template == "terminal" else " --rehearse"
    click.echo(f"{file}: a workshop; try it with `meshpeek ci{rehearse} {file}`")
    if job:
        path = _JOBS / f"{file.stem}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, _fill("job.yaml", {"file": str(file)}))
        click.echo(f"{path}: a job that tests it; put in where your copy of meshpeek is")


def _default_title(file: Path) -> str:
    words = re.sub(r"[-_]+", " ", file.stem).strip()
    return words[:1].upper() + words[1:] or "A workshop"


def _read_contexts(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name for name in re.split(r"[\s,]+", text) if name))
    for name in names:
        if not _NAME.fullmatch(name):
            raise InputError(f"invalid context `{name}`", hint="`kubectl config get-contexts`")
    return names


def _template_for(contexts: Sequence[str]) -> str:
    return (
        ("terminal", "cluster")[len(contexts)]
        if len(contexts) < len(_TEMPLATES) - 1
        else "clusters"
    )


def _check(template: str, contexts: Sequence[str]) -> None:
    if template == "terminal" and contexts:
        raise InputError("the template `terminal` has no contexts", hint="leave out --contexts")
    if template == "cluster" and len(contexts) != 1:
        raise InputError("the template `cluster` has one context", hint="use --template clusters")
    if template == "clusters" and len(contexts) < len(_CONTEXTS["clusters"]):
        raise InputError(
            "the template `clusters` has two contexts or more", hint="use --template cluster"
        )


def _fill(name: str, values: dict[str, str]) -> str:
    text = resources.files("meshpeek.cli.commands").joinpath("templates", name).read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], text)


def _write(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise InputError(f"{path} exists", hint="name another file, or remove it first") from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}", hint="check the folder") from None
