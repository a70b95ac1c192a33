"""The elements of a page that grows, each with the version of the page in which it changed."""

from __future__ import annotations

from typing import Any, NamedTuple

from markupsafe import Markup

from meshpeek.sinks.html.parts import StepView
from meshpeek.sinks.shared_page.live_output import LiveOutput


class Versioned(NamedTuple):
    """HTML, and the version of the page since which it is so."""

    html: Markup
    version: int


class TextElement:
    """Text that was shown."""

    def __init__(self, identity: str, html: Markup, outcome: str = "") -> None:
        self.identity = identity
        self.outcome = outcome
        self.version = 0
        self._html = html

    def commit(self, version: int) -> None:
        """Give what is new this version."""
        self.version = self.version or version

    def html(self) -> Markup:
        """Return the whole element."""
        return self._html

    def changes_since(self, _version: int) -> list[dict[str, Any]]:
        """Return what changed in it: nothing ever does."""
        return []


class StepElement:
    """A command. `view` is what is shown of it, but for output that is still being written."""

    def __init__(self, view: StepView) -> None:
        self.identity = view.identity
        self.view = view
        self.version = 0
        self._parts: dict[str, Versioned] = {}
        self._state = Versioned(Markup(), 0)
        self._live: LiveOutput | None = None
        self._attempts = 0

    @property
    def outcome(self) -> str:
        """What came of it: `passed`, `failed` or, so far, anything else."""
        return self.view.state

    @property
    def has_run(self) -> bool:
        """Whether there is something that came of it."""
        return self.view.state in ("passed", "failed")

    def begin_attempt(self) -> None:
        """Begin with no output."""
        self._attempts += 1
        self._live = LiveOutput(f"{self.identity}-{self._attempts}-")
        self.view = self.view._replace(output=Markup())
        self._drop_output()

    def add_output(self, data: bytes) -> None:
        """Take what it has written next."""
        if self._live is not None:
            self._live.add(data)

    def settle(self, view: StepView, output: str) -> None:
        """Take what came of it; `output` is all that it wrote, for what could not be followed."""
        live = self._live
        if live is not None and live.text == output and live.is_exact:
            view = view._replace(output=Markup())  # it is there already
        else:
            self._live = None
            self._drop_output()
        self.view = view

    def _drop_output(self) -> None:
        for identity in [each for each in self._parts if self._is_output(each)]:
            del self._parts[identity]

    def _is_output(self, identity: str) -> bool:
        part = identity.removeprefix(f"{self.identity}-")
        return part == "output" or part[0].isdigit()

    def commit(self, version: int) -> None:
        """Give what is new or has changed this version of the page."""
        self.version = self.version or version
        if self._state.html != self.view.state:
            self._state = Versioned(Markup(self.view.state), version)  # noqa: S704  # a class of ours
        parts = self.view.render_parts()
        if self._live is not None:
            parts |= self._live.changed_pieces()
        for identity, html in parts.items():
            if identity not in self._parts or self._parts[identity].html != html:
                self._parts[identity] = Versioned(html, version)

    def html(self) -> Markup:
        """Return the whole element."""
        if self._live is None:
            return self.view.render()
        pieces = [part.html for name, part in self._parts.items() if self._is_piece(name)]
        return self.view._replace(output=Markup().join(pieces)).render()

    def _is_piece(self, identity: str) -> bool:
        return identity.removeprefix(f"{self.identity}-")[0].isdigit()

    def changes_since(self, version: int) -> list[dict[str, Any]]:
        """Return what changed in it after `version`."""
        changes: list[dict[str, Any]] = []
        if self._state.version > version:
            changes.append({"id": self.identity, "state": self._state.html})
        for identity, part in self._parts.items():
            if part.version > version:
                parent = f"{self.identity}-output" if self._is_piece(identity) else self.identity
                changes.append({"id": identity, "html": part.html, "parent": parent, "after": None})
        return changes
