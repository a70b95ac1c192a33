"""The commands, a module each, loaded when it is used."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COMMANDS: Mapping[str, str] = MappingProxyType(
    {
        "present": "Present FILE live: RETURN runs, SPACE finishes typing, Q quits.",
        "run": "Run FILE unattended at a reader's pace, and sum up what passed.",
        "ci": "Run each FILE headless as a test, with a verdict for every step.",
        "record": "Run FILE as ci does, and write its output to a transcript.",
        "handout": "Run FILE as ci does, and write it with the outputs of its commands.",
        "new": "Write a workshop to begin with to FILE.",
        "preview": "Show FILE as the room will see it, page by page; run nothing.",
        "steps": "List the steps of FILE; run nothing.",
        "lint": "Report errors and pitfalls in each FILE; run nothing.",
        "mutate": "Break FILE in typical ways, and see which ones nobody notices.",
        "migrate": "Rewrite older forms in each FILE, so that demosh does not show them.",
        "clusters": "Keep rehearsal clusters running for another terminal; show changes.",
        "doctor": "Check this machine: tools, versions, the clusters of FILE.",
        "lsp": "Serve an editor: mistakes, completion, meanings, places.",
        "completion": "Print what makes a shell complete command lines.",
    }
)
"""Each command with what it does; the module of its name has it as `command`."""
