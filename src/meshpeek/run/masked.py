"""A filter before all sinks: the events that they get contain no secrets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from meshpeek.run.captured_output import omission
from meshpeek.run.events import (
    AddressShown,
    Blanked,
    ClockRead,
    CommandResult,
    Event,
    HelpShown,
    InputAwaited,
    OutlineShown,
    OutputReceived,
    OverlayClosed,
    Redrawn,
    RunRefused,
    RunStarted,
    Scrolled,
    Suspended,
    Typed,
    ViewChanged,
    WorkshopSkipped,
)
from meshpeek.run.masking import MASK, Masker
from meshpeek.terminal.settled_text import visible_text
from meshpeek.workshop.model import AnyStep, Command, FrontMatter, Step, Workshop
from meshpeek.workshop.values import Value

_Value = TypeVar("_Value", bound=Value)
_Step = TypeVar("_Step", bound=Step)
_ASIDES = (
    AddressShown,
    Blanked,
    ClockRead,
    HelpShown,
    InputAwaited,
    OutlineShown,
    OverlayClosed,
    Redrawn,
    Scrolled,
    Suspended,
    ViewChanged,
)
"""Events that may come in the middle of what is typed, and end none of it."""


class Masked:
    """Passes events on, by a call of `pass_on`, with the secrets in them replaced.

    Whether a step passed has been decided before, by what its command really wrote.
    """

    def __init__(self, masker: Masker, pass_on: Callable[[Event], None]) -> None:
        self._masker = masker
        self._pass = pass_on
        self._output = masker.stream()
        self._typing = masker.stream()
        self._open: dict[type, OutputReceived | Typed] = {}
        self._steps: dict[int, AnyStep] = {}

    def take(self, event: Event) -> None:
        """Pass the event on, without what may still turn out to be a part of a secret."""
        match event:
            case OutputReceived(data=data):
                self._open[OutputReceived] = event
                seen = self._output.feed(data)
                if seen:
                    self._pass_on(event if seen is data else event.replace(data=seen))
            case Typed(text=text):
                self._open[Typed] = event
                typed = self._typing.feed(text.encode(errors="surrogatepass"))
                if typed:
                    self._pass_on(event.replace(text=typed.decode(errors="surrogatepass")))
            case _:
                if not isinstance(event, _ASIDES):
                    self._release()
                self._pass_on(self._masked(event))

    def _release(self) -> None:
        """Pass on what was held back: there is an end to what it could have been a part of."""
        for event in self._open.values():
            if isinstance(event, OutputReceived) and (rest := self._output.end()):
                self._pass_on(event.replace(data=rest))
            elif isinstance(event, Typed) and (rest := self._typing.end()):
                self._pass_on(event.replace(text=rest.decode(errors="surrogatepass")))
        self._open.clear()

    def _pass_on(self, event: Event) -> None:
        step = getattr(event, "step", None)
        shown = self._steps.get(id(step), step)
        self._pass(event if shown is step else event.replace(step=shown))

    def _masked(self, event: Event) -> Event:
        match event:
            case RunStarted(workshop=workshop):
                # Its steps are kept: their identities must not be used again.
                self._original = workshop
                masked = mask_workshop(workshop, self._masker)
                self._steps = dict(zip(map(id, workshop.steps), masked.steps, strict=True))
                return event.replace(workshop=masked, resumed=self._mask(event.resumed))
            # A path tells which workshop it is.
            case RunRefused(message=message):
                return event.replace(message=self._mask(message))
            case WorkshopSkipped(reason=reason):
                return event.replace(reason=self._mask(reason))
        return self._mask_fields(event)

    def _mask(self, value: Any) -> Any:  # noqa: ANN401  # whatever an event holds
        """Return the value with the secrets in all its texts replaced."""
        if type(value) is str:  # not the words of an enumeration
            return self._masker.mask_text(value)
        if isinstance(value, bytes):
            return self._masker.mask(value)
        if isinstance(value, tuple):
            return tuple(map(self._mask, value))
        if isinstance(value, Step):
            known = self._steps.get(id(value))
            return known or _mask_step(value, self._masker.mask_text)
        if isinstance(value, CommandResult):
            return self._mask_fields(value.replace(output="")).replace(
                output=self._mask_output(value)
            )
        return self._mask_fields(value) if isinstance(value, Value) else value

    def _mask_fields(self, value: _Value) -> _Value:
        fields = {name: getattr(value, name) for name in value.__match_args__}
        masked = {name: self._mask(field) for name, field in fields.items()}
        return value if masked == fields else value.replace(**masked)

    def _mask_output(self, result: CommandResult) -> str:
        head, omitted, tail = result.output, "", ""
        if result.omitted:
            # What was cut out may have taken a part of a secret with it.
            head, omitted, tail = result.output.partition(omission(result.omitted))
            head, tail = self._masker.mask_cut(head, tail)
        else:
            head = self._masker.mask_text(head)
        masked = head + omitted + tail
        plain = visible_text(masked)
        if plain != masked:
            # A colour that begins within a secret, or a cursor that moves there, hides it from us,
            # and not from a plain report.
            without = self._masker.mask_text(plain)
            if without != plain:
                return without
        return masked


def mask_workshop(workshop: Workshop, masker: Masker) -> Workshop:
    """Return the workshop with the secrets in what it shows replaced; other steps are the same."""
    mask = masker.mask_text
    return workshop.replace(
        front_matter=_mask_settings(workshop.front_matter, mask),
        steps=tuple(_mask_step(step, mask) for step in workshop.steps),
        sections=tuple(section.replace(title=mask(section.title)) for section in workshop.sections),
        speaker_notes=tuple(note.replace(text=mask(note.text)) for note in workshop.speaker_notes),
    )


def _mask_step(step: _Step, mask: Callable[[str], str]) -> _Step:
    masked = step.replace(text=mask(step.text))
    if isinstance(step, Command):
        masked = masked.replace(
            name=step.name and mask(step.name), note=step.note and mask(step.note)
        )
    return step if masked == step else masked


def _mask_settings(settings: FrontMatter, mask: Callable[[str], str]) -> FrontMatter:
    return settings.replace(
        env={
            name: MASK.decode() if name in settings.secrets else mask(value)
            for name, value in settings.env.items()
        },
        minutes=tuple(planned.replace(title=mask(planned.title)) for planned in settings.minutes),
    )
