"""The error of rehearsal clusters: what is wrong, and what to do next."""

from __future__ import annotations


class RehearsalError(Exception):
    """The clusters, or what a session needs for them, cannot be set up as requested.

    `hint` says what to do next; None where nothing helps. `is_input`: what was requested is wrong,
    a manifest, say, rather than the machine.
    """

    def __init__(self, message: str, *, hint: str | None = None, is_input: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.is_input = is_input
