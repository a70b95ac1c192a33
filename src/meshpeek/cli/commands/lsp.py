"""`meshpeek lsp`: a language server for editors."""

from __future__ import annotations

import click

from meshpeek.errors import EnvironmentUnfitError


@click.command()
def command() -> None:
    """Serve an editor at the standard streams: mistakes, completion, meanings, places.

    It speaks the Language Server Protocol, and needs pygls: `pip install '.[lsp]'` in meshpeek's
    own folder.

    Exit codes: 0, or 3 without pygls.
    """
    try:
        from meshpeek.cli.editing.language_server import make_server
    except ModuleNotFoundError as error:
        if error.name not in ("pygls", "lsprotocol"):
            raise
        raise EnvironmentUnfitError(
            "the language server needs pygls, which is not installed",
            hint="install it: `pip install '.[lsp]'` in meshpeek's own folder",
        ) from None
    make_server().start_io()
