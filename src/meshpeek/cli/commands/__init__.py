"""The commands, a module each: what the words after `meshpeek` mean. Loaded when they are used."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "present": "Present FILE live: RETURN runs, SPACE finishes typing, Q quits.",
        "run": "Play FILE by itself, at a reader's pace, and sum up what passed.",
        "ci": "Replay each FILE headless and judge every step.",
        "record": "Run FILE as ci does, and write what it prints to a transcript.",
        "steps": "List the steps of FILE; run nothing.",
        "lint": "Say what is wrong in each FILE, and what would surprise; run nothing.",
        "clusters": "Keep rehearsal clusters up for another terminal; show what changes.",
        "doctor": "Look this machine over: tools, versions, the clusters of FILE.",
    }
)
"""Every command, and what it does in a line. The module of a command's name has it as `command`."""
