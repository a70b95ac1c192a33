"""`meshpeek present`: a workshop live, step by step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from meshpeek.cli.options import (
    ARGUMENTS,
    FILE,
    FROM,
    NO_INIT,
    REHEARSE,
    SEALED,
    SETUP,
    THEME,
    checked,
    takes_reports,
    takes_settings,
)
from meshpeek.cli.play import play
from meshpeek.cli.sharing import Sharing, let_the_room_read, open_shared_page, takes_sharing
from meshpeek.cli.workshops import load, starting_at
from meshpeek.errors import InputError
from meshpeek.run.actions import Action, ActionQueue
from meshpeek.run.settings import RunSettings
from meshpeek.sinks import Sink
from meshpeek.sinks.reports.registry import ReportPaths, open_reports, refusal_reported
from meshpeek.workshop.loading import read_text
from meshpeek.workshop.model import Mode

if TYPE_CHECKING:
    from meshpeek.sinks.presenter_page.page_server import PresenterPage
    from meshpeek.sinks.transcripts.transcript import Transcript


@click.command()
@FILE
@ARGUMENTS
@REHEARSE
@SEALED
@takes_reports
@NO_INIT
@FROM
@SETUP
@click.option("--resume", is_flag=True, help="Continue the last presentation where it stopped.")
@click.option(
    "--no-journal",
    "journal",
    is_flag=True,
    flag_value=False,
    default=True,
    help="Keep nothing on disk to resume from (it holds what variables hold).",
)
@click.option(
    "--typing",
    "pace",
    type=click.FloatRange(min=0),
    default=1.0,
    show_default=True,
    help="Factor on the time between typed characters; 0 shows commands at once.",
)
@click.option(
    "--rest",
    type=click.FloatRange(min=0),
    default=0.3,
    show_default=True,
    metavar="SECONDS",
    help="RETURN counts only this long after the last one, so that a held key runs nothing.",
)
@THEME
@click.option(
    "--fallback",
    type=click.Path(path_type=Path),
    help="A transcript (see record) to show from, at a key, when a command fails.",
)
@click.option(
    "--console", is_flag=True, help="Serve a page for the presenter alone: notes, clock, buttons."
)
@click.option(
    "--console-host",
    metavar="ADDRESS",
    multiple=True,
    help="Serve the page at this address of the machine, for a phone; may be repeated.",
)
@click.option(
    "--summary",
    type=click.Choice(["stage", "page"]),
    default="stage",
    show_default=True,
    help="Where the verdicts are summed up: before the room, or on the presenter's page only.",
)
@takes_sharing
@takes_settings(Mode.PRESENT)
def command(
    file: Path,
    settings: RunSettings,
    address: str | None,
    fallback: Path | None,
    console: bool,
    console_host: tuple[str, ...],
    sharing: Sharing,
    reports: ReportPaths,
) -> None:
    """Present FILE live: RETURN runs, SPACE finishes typing, + skips, - goes back, Q quits."""
    if settings.resume and not settings.journal:
        raise click.UsageError("--resume needs the journal that --no-journal leaves out")
    kept: Mapping[str, Any] = {}
    if settings.resume:
        from meshpeek.run.journal.journal import as_before, kept_options

        settings = checked(as_before(settings, str(file)))
        kept = kept_options(str(file))
        is_given = click.get_current_context().get_parameter_source
        if is_given("pace") is ParameterSource.DEFAULT:
            settings = settings.replace(pace=kept.get("typing", settings.pace))
        fallback = fallback or (Path(kept["fallback"]) if kept.get("fallback") else None)
        console_host = console_host or tuple(kept.get("console_hosts", ()))
        console = console or bool(kept.get("console"))
    if console or console_host:
        _refuse_page(settings)
    elif settings.summary == "page":
        raise click.UsageError("--summary=page needs the presenter's page: --console")
    with contextlib.ExitStack() as stack:
        actions = stack.enter_context(contextlib.closing(ActionQueue()))
        more: list[tuple[str, Sink]] = []
        options: dict[str, Any] = {
            "typing": settings.pace,
            "fallback": str(fallback.resolve()) if fallback else None,
        }
        if console or console_host:
            port, token = kept.get("console_port", 0), kept.get("console_token", "")
            page = stack.enter_context(_open_page(actions, console_host, port, token))
            more.append(("the presenter's page", page))
            options |= {
                "console": True,
                "console_hosts": list(console_host),
                "console_port": page.port,
                "console_token": page.token,
            }
        shared = stack.enter_context(open_shared_page(sharing))
        if shared:
            more.append(("the page for the room", shared))
        opened = stack.enter_context(open_reports(reports, more))
        with refusal_reported(str(file), opened.take):
            workshop = load(file, settings)
            settings = starting_at(address, workshop, settings)
            if more:
                _refuse_page(settings.for_workshop(workshop))
            transcript = _read_fallback(fallback)
            settings = settings.replace(kept=options)
        addresses = shared.urls if shared else ()
        code = play(workshop, settings, opened, transcript, actions=actions, addresses=addresses)
        let_the_room_read(shared)
    raise SystemExit(code)


def _refuse_page(settings: RunSettings) -> None:
    if settings.sealed:
        raise InputError(
            "the presenter's page cannot be served in a sealed rehearsal: no browser reaches it",
            hint="leave --console out, or --sealed (`sealed: true` in the settings)",
        )


def _read_fallback(path: Path | None) -> Transcript | None:
    if path is None:
        return None
    from meshpeek.sinks.transcripts.transcript import read_transcript

    return read_transcript(read_text(str(path)), str(path))


@contextlib.contextmanager
def _open_page(
    queue: ActionQueue, hosts: Sequence[str], port: int, token: str
) -> Iterator[PresenterPage]:
    """Serve the presenter's page, and print its addresses before the presentation starts."""
    from meshpeek.sinks.presenter_page.page_server import LOOPBACK, PresenterPage

    asked = (Action.GO, Action.BACK, Action.SKIP, Action.BLANK)
    actions = {action.value: action for action in asked}

    def ask(word: str) -> None:
        queue.put(actions[word])

    addresses = hosts or (LOOPBACK,)
    with PresenterPage(frozenset(actions), ask, addresses, port=port, token=token) as page:
        for url in page.urls:
            click.echo(f"the presenter's page: {url}")
        if hosts:
            import segno

            segno.make(page.urls[0], micro=False).terminal(compact=True)
            click.echo("Anyone who sees this can control the presentation.")
            click.pause("Press any key to begin; the screen is cleared then.")
            click.clear()
        yield page
