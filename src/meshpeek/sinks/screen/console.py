"""The rich console that a screen is drawn with."""

from __future__ import annotations

from rich.console import Console


class ScreenConsole(Console):
    """Standard output. Raises BrokenPipeError, once, when its reader has gone."""

    def __init__(self) -> None:
        super().__init__()

    def on_broken_pipe(self) -> None:
        """Draw nothing more; rich would end the process, and with it the run."""
        self.quiet = True
        raise  # rich calls this while it handles the error
