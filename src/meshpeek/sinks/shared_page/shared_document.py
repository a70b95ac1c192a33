"""What the room may see of a workshop: the document as far as the show has come.

Steps are in the order of the workshop, whatever the order in which they were shown. A step that has
not been shown is not in it, and one that is hidden from the audience never is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from markupsafe import Markup

from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    CommandShown,
    CommandStarted,
    EditEnded,
    Event,
    OutputReceived,
    RecordedShown,
    RunEnded,
    RunStarted,
    StepSkipped,
    TextShown,
    Typed,
    WaitStarted,
)
from meshpeek.sinks.html import ansi
from meshpeek.sinks.html.parts import Badges, StepView, render_text, title_of
from meshpeek.sinks.html.templating import render
from meshpeek.sinks.shared_page.page_elements import StepElement, TextElement, Versioned
from meshpeek.workshop.model import Command, Step, Workshop

BEFORE, LIVE = "The show has not begun yet.", "Live"
OVER, STOPPED = "The show is over.", "The show has stopped."


class _SectionElement:
    """A section that has been reached, with its entry among the sections to jump to."""

    def __init__(self, index: int, title: str, *, is_title: bool, level: int) -> None:
        self.identity = f"part-{index}"
        self.version = 0
        self.elements: dict[int, TextElement | StepElement] = {}
        self._values = {
            "identity": self.identity,
            "title": title,
            "repeats_title": is_title,
            "heading": "h2" if level <= 2 else "h3",
            "deep": level > 2,
        }
        self._entry = Versioned(Markup(), 0)

    def commit(self, version: int) -> None:
        """Give what is new or has changed this version of the page."""
        self.version = self.version or version
        outcomes = {element.outcome for element in self.elements.values()}
        state = next((each for each in ("failed", "passed") if each in outcomes), "skipped")
        entry = render("outline_entry.html", state=state, **self._values)
        if entry != self._entry.html:
            self._entry = Versioned(entry, version)

    def html(self) -> Markup:
        """Return the section with all that is in it."""
        return self._frame(Markup("\n").join(each.html() for _, each in self.in_order()))

    @property
    def entry(self) -> Markup:
        """The entry among the sections to jump to."""
        return self._entry.html

    def _frame(self, content: Markup) -> Markup:
        return render("section.html", content=content, **self._values)

    def in_order(self) -> Iterator[tuple[int, TextElement | StepElement]]:
        """Yield the elements by the index of their step, in its order."""
        yield from sorted(self.elements.items())

    def changes_since(self, version: int, before: str) -> Iterator[dict[str, Any]]:
        """Yield what changed after `version`; `before` is the section before, if any."""
        place = {"parent": "steps", "after": before}
        if self.version > version:
            yield {"id": self.identity, "html": self._frame(Markup()), **place}
        if self._entry.version > version:
            after = before and f"to-{before}"
            entry = {"id": f"to-{self.identity}", "html": self._entry.html}
            yield {**entry, "parent": "outline", "after": after}
        after = f"{self.identity}-title"
        for _, element in self.in_order():
            if element.version > version:
                yield {
                    "id": element.identity,
                    "html": element.html(),
                    "parent": self.identity,
                    "after": after,
                }
            else:
                yield from element.changes_since(version)
            after = element.identity


class SharedDocument:
    """Follows the events of one run.

    What events change shows with the next `commit`, as a new `version` of the page.
    """

    def __init__(self) -> None:
        self.version = 0
        self.status = BEFORE
        self.is_over = False
        self.name = "workshop"
        """The name of the workshop's file, without its ending."""
        self.title = ""
        self._title = Versioned(render("shared_title.html", path="", rehearsal=False, title=""), 0)
        self._workshop: Workshop | None = None
        self._badges: Badges | None = None
        self._indexes: dict[int, int] = {}
        self._sections: dict[int, _SectionElement] = {}
        self._attempts: dict[int, list[CommandResult]] = {}
        self.now: str | None = None
        """The identity of the step that is on now."""
        self._changed: dict[int, _SectionElement] = {}
        self._is_changed = False

    def take(self, event: Event) -> None:
        """Take what happens next."""
        step = getattr(event, "step", None)
        if isinstance(step, Command) and not step.shown:
            return
        self._is_changed = True
        match event:
            case RunStarted():
                self._begin(event)
            case TextShown(step=step, text=text):
                self._show_text(step, text)
                self._point_at(step)
            case CommandShown(step=step):
                element = self._element(step)
                if not element.has_run:  # what it did last time stays until it runs again
                    element.view = self._view(step, "typing", "typing", command="")
                self._point_at(step)
            case Typed(step=step, text=text):
                element = self._element(step)
                if element.view.state == "typing":
                    typed = element.view.command + text
                    element.view = element.view._replace(command=typed)
            case WaitStarted(step=Command() as step) if self._has(step):
                element = self._element(step)
                if element.view.state == "typing":
                    element.view = element.view._replace(state="next", verdict="next")
                self._point_at(step)
            case EditEnded(step=step, text=str() as text):
                self._element(step).view = self._view(step, "next", "next", command=text)
            case CommandStarted(step=step, edited=edited):
                self._element(step).view = self._view(
                    step, "running", "running", command=edited or step.text
                )
                self._element(step).begin_attempt()
                self._point_at(step)
            case OutputReceived(step=Command() as step, data=data):
                self._element(step).add_output(data)
            case CommandEnded(step=step, result=result):
                self._end_attempt(step, result)
            case RecordedShown(step=step, data=data, source=source):
                output = data.decode(errors="replace")
                element = self._element(step)
                told = f"Recorded earlier, from {source}:"
                element.view = element.view._replace(
                    recorded=ansi.to_html(output), recorded_from=told
                )
            case StepSkipped(step=step, reason=reason) if self._has(step):
                element = self._element(step)
                if element.view.state in ("typing", "next"):
                    element.view = element.view._replace(
                        state="skipped", verdict="skipped", skipped=reason
                    )
            case RunEnded():
                self.end(OVER)

    def end(self, status: str) -> None:
        """Say that nothing more comes, unless that has been said."""
        if not self.is_over:
            self._is_changed = True
            self.is_over, self.status, self.now = True, status, None

    def _begin(self, event: RunStarted) -> None:
        workshop = event.workshop
        self._workshop, self._badges = workshop, Badges(workshop)
        self._indexes = {id(step): index for index, step in enumerate(workshop.steps)}
        self.status = LIVE
        self.name = workshop.path.replace("\\", "/").rpartition("/")[2].rpartition(".")[0]
        self.title = title_of(workshop)
        title = render(
            "shared_title.html",
            path=workshop.path,
            rehearsal=event.rehearsal,
            title=self.title,
        )
        self._title = Versioned(title, self.version + 1)
        if event.resumed:
            self._resume(event)

    def _resume(self, event: RunStarted) -> None:
        """Show again what the run that this one resumes had shown."""
        results = {id(each.step): each for each in event.resumed}
        for step in event.workshop.steps[: event.start]:
            happened = results.get(id(step))
            if isinstance(step, Command):
                if step.shown and isinstance(happened, CommandEnded):
                    self._element(step).view = self._view(step, "running", "running")
                    self._end_attempt(step, happened.result)
            elif step.shown and step.text:
                self._show_text(step, step.text)

    def _show_text(self, step: Step, text: str) -> None:
        section = self._section(step)
        index = self._indexes[id(step)]
        identity = f"step-{index}"
        html = render_text(step, text, self._title_of_section(step), identity)
        if html:
            section.elements.setdefault(index, TextElement(identity, html))
            self._changed[index] = section

    def _end_attempt(self, step: Command, result: CommandResult) -> None:
        element = self._element(step)
        attempts = self._attempts.setdefault(id(step), [])
        attempts.append(result.replace(output=""))
        if result.final:
            view = element.view.result([*attempts[:-1], result])
            element.settle(view, result.output)
            del self._attempts[id(step)]

    def _point_at(self, step: Step) -> None:
        if self._has(step):
            self.now = f"step-{self._indexes[id(step)]}"

    def _has(self, step: Step) -> bool:
        section = self._sections.get(step.section)
        return section is not None and self._indexes[id(step)] in section.elements

    def _section(self, step: Step) -> _SectionElement:
        if step.section not in self._sections:
            assert self._workshop  # noqa: S101  # a run begins with RunStarted
            section = self._workshop.sections[step.section]
            self._sections[step.section] = _SectionElement(
                step.section,
                self._title_of_section(step),
                is_title=section.title == self.title,
                level=section.level,
            )
        return self._sections[step.section]

    def _title_of_section(self, step: Step) -> str:
        assert self._workshop  # noqa: S101
        return self._workshop.sections[step.section].title or "Opening"

    def _element(self, step: Command) -> StepElement:
        """Return the element of a command, a new one at need; it counts as changed."""
        index, section = self._indexes[id(step)], self._section(step)
        self._changed[index] = section
        element = section.elements.get(index)
        if not isinstance(element, StepElement):
            element = section.elements[index] = StepElement(self._view(step, "typing", "typing"))
        return element

    def _view(
        self, step: Command, state: str, verdict: str, command: str | None = None
    ) -> StepView:
        assert self._badges  # noqa: S101
        return StepView(
            f"step-{self._indexes[id(step)]}",
            step.text if command is None else command,
            state,
            verdict,
            str(step.span),
            self._badges.of(step),
        )

    def commit(self) -> None:
        """Make a new version of the page if anything has changed."""
        if not self._is_changed:
            return
        self.version += 1
        for index, section in self._changed.items():
            section.elements[index].commit(self.version)
            section.commit(self.version)
        self._changed.clear()
        self._is_changed = False

    def html(self) -> Markup:
        """Return the page's content."""
        sections = [section for _, section in sorted(self._sections.items())]
        return render(
            "shared_workshop.html",
            title=self._title.html,
            entries=[section.entry for section in sections],
            sections=[section.html() for section in sections],
        )

    def changes_since(self, version: int) -> dict[str, Any]:
        """Return what changed after `version` (0: everything), for the page's script.

        `elements` are in their order: one whose identity is there already replaces it, or gets the
        `state` as its class; another one is put into `parent`, behind the element `after`, at the
        beginning or, if that is null, at the end.
        """
        elements: list[dict[str, Any]] = []
        if self._title.version > version:
            elements.append({"id": "title", "html": self._title.html, "parent": "", "after": None})
        before = ""
        for _, section in sorted(self._sections.items()):
            elements += section.changes_since(version, before)
            before = section.identity
        return {
            "title": self.title,
            "status": self.status,
            "over": self.is_over,
            "now": self.now,
            "elements": elements,
        }
