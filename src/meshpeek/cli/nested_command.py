"""The command line with which a workshop runs another one: `$SHELL FILE`."""

from __future__ import annotations

from meshpeek.run.settings import RunSettings
from meshpeek.workshop.model import Mode


def nested_command(settings: RunSettings) -> tuple[str, ...]:
    """Return the command line, without its file, that runs another workshop in the same way."""
    words = [settings.mode.value]
    match settings.mode:
        case Mode.PRESENT:
            words += [f"--typing={settings.pace}", f"--rest={settings.rest}", "--no-journal"]
        case Mode.RUN:
            words.append(f"--pace={settings.pace}")
        case Mode.CI if not settings.stop_on_failure:
            words.append("--keep-going")
    if settings.theme != "auto":
        words.append(f"--theme={settings.theme}")
    if settings.timeout is not None:
        words.append(f"--timeout={settings.timeout}")
    if settings.stand_ins is not None:
        words.append(f"--stand-ins={','.join(sorted(settings.stand_ins)) or 'none'}")
    if settings.rehearse:
        words.append("--rehearse")
    if settings.sealed:
        words.append("--sealed")
    if settings.skips_interactive and settings.is_test:
        words.append("--skip-interactive")
    if not settings.startup:
        words.append("--no-init")
    return tuple(words)
