"""The options and the life of the page that the room follows a run on."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import click

from meshpeek.cli.options import CommandFunction, gathered
from meshpeek.workshop.values import Value

if TYPE_CHECKING:
    from meshpeek.sinks.shared_page.shared_page import SharedPage

LOOPBACK = "127.0.0.1"

_SHARE = click.option(
    "--share", is_flag=True, help="Serve a page on which others can follow, and nothing else."
)
_HOST = click.option(
    "--share-host",
    "share_hosts",
    multiple=True,
    metavar="ADDRESS",
    help="Serve it at this address of the machine, for the network of the room; can be repeated.",
)


class Sharing(Value):
    """Whether to serve the page, and where."""

    share: bool
    share_hosts: tuple[str, ...]


def takes_sharing(command: CommandFunction) -> CommandFunction:
    """Give a command the options of the page as one argument, `sharing`."""
    make: Callable[..., object] = Sharing
    return _SHARE(_HOST(gathered("sharing", Sharing.__match_args__, make)(command)))


@contextlib.contextmanager
def open_shared_page(sharing: Sharing) -> Iterator[SharedPage | None]:
    """Serve the page if it is wanted, and print where.

    At the end it stays until somebody at the terminal presses a key: the room may still read.
    """
    if not sharing.share and not sharing.share_hosts:
        yield None
        return
    from meshpeek.sinks.shared_page.shared_page import SharedPage

    with SharedPage(sharing.share_hosts or (LOOPBACK,)) as page:
        for url in page.urls:
            click.echo(f"the page for the room: {url}")
        yield page


def let_the_room_read(page: SharedPage | None) -> None:
    """Keep the page until a key is pressed, if somebody is there to press one."""
    if page and sys.stdin.isatty():
        click.echo(f"The room can still read {' and '.join(page.urls)}")
        click.pause("Press any key to end that.")
