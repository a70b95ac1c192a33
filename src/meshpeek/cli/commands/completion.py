"""`meshpeek completion`: completion of commands, options, files and steps for a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

_HOW = {
    "bash": 'add this line to ~/.bashrc: eval "$(meshpeek completion bash)"',
    "zsh": 'add this line to ~/.zshrc: eval "$(meshpeek completion zsh)"',
    "fish": "meshpeek completion fish >~/.config/fish/completions/meshpeek.fish",
}


@click.command(
    epilog="\b\n" + "\n".join(f"{shell}: {how}" for shell, how in _HOW.items()),
)
@click.argument("shell", type=click.Choice(list(_HOW)))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    """Print the script that makes SHELL complete meshpeek's command lines.

    Exit codes: 0.
    """
    completion = get_completion_class(shell)
    if completion is None:
        raise click.UsageError(f"no completion for {shell}", ctx)
    script = completion(ctx.find_root().command, {}, "meshpeek", "_MESHPEEK_COMPLETE")
    click.echo(script.source())
