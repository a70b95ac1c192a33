"""Suggesting the word that a writer probably meant."""

from __future__ import annotations

from collections.abc import Iterable


def find_closest(word: str, known: Iterable[str], *, similarity: float = 0.6) -> str | None:
    """Return the one of `known` that `word` resembles most, None if none does.

    `similarity` is between 0 (anything) and 1 (the same), as difflib has it. Case is ignored.
    """
    import difflib

    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=similarity)
    return by_lower[close[0]] if close else None


def suggest(word: str, known: Iterable[str]) -> str:
    """Return a hint for the unknown `word`: the known one it resembles, else all of them."""
    names = list(known)
    closest = find_closest(word, names)
    return f"did you mean `{closest}`?" if closest else f"use one of {', '.join(names)}"
