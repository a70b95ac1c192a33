"""A filter before all sinks: the events that they get contain no secrets."""

from __future__ import annotations

from collections.abc import Callable

from meshpeek.run.events import (
    CommandEnded,
    CommandResult,
    CommandStarted,
    EditEnded,
    Event,
    JobsLeft,
    Notice,
    OutlineShown,
    OutputReceived,
    RecordedShown,
    RunRefused,
    RunStarted,
    StepSkipped,
    TextShown,
    Typed,
)
from meshpeek.run.masking import Masker
from meshpeek.terminal.escape_sequences import strip_escapes
from meshpeek.workshop.model import AnyStep, Command, Workshop


class Masked:
    """Passes events on, by a call of `pass_on`, with the secrets in them replaced.

    Whether a step passed has been decided before, by what its command really wrote.
    """

    def __init__(self, masker: Masker, pass_on: Callable[[Event], None]) -> None:
        self._masker = masker
        self._pass = pass_on
        self._output = masker.stream()
        self._typing = masker.stream()
        self._last: OutputReceived | Typed | None = None
        self._steps: dict[int, AnyStep] = {}

    def take(self, event: Event) -> None:
        """Pass the event on, without what may still turn out to be a part of a secret."""
        match event:
            case OutputReceived(data=data):
                self._last = event
                seen = self._output.feed(data)
                if seen:
                    self._pass_on(event if seen is data else event.replace(data=seen))
            case Typed(text=text):
                self._last = event
                typed = self._typing.feed(text.encode(errors="surrogatepass"))
                if typed:
                    self._pass_on(event.replace(text=typed.decode(errors="surrogatepass")))
            case _:
                self._release()
                self._pass_on(self._masked(event))

    def _release(self) -> None:
        """Pass on what was held back: there is an end to what it could have been a part of."""
        last, self._last = self._last, None
        if isinstance(last, OutputReceived) and (rest := self._output.end()):
            self._pass_on(last.replace(data=rest))
        if isinstance(last, Typed) and (rest := self._typing.end()):
            self._pass_on(last.replace(text=rest.decode(errors="surrogatepass")))

    def _pass_on(self, event: Event) -> None:
        step = getattr(event, "step", None)
        if self._steps and id(step) in self._steps:
            event = event.replace(step=self._steps[id(step)])
        self._pass(event)

    def _masked(self, event: Event) -> Event:
        mask = self._masker.mask_text
        match event:
            case RunStarted(workshop=workshop, resumed=resumed):
                masked = self._mask_workshop(workshop)
                return event.replace(
                    workshop=masked, resumed=tuple(map(self._with_masked_step, resumed))
                )
            case TextShown(text=text):
                return event.replace(text=mask(text))
            case CommandEnded(result=result):
                return event.replace(result=self._mask_result(result))
            case CommandStarted(edited=str(edited)):
                return event.replace(edited=mask(edited))
            case EditEnded(text=str(text)):
                return event.replace(text=mask(text))
            case OutlineShown(outline=outline):
                places = tuple(p.replace(text=mask(p.text)) for p in outline.places)
                return event.replace(outline=outline.replace(places=places))
            case RecordedShown(data=data):
                return event.replace(data=self._masker.mask(data))
            case StepSkipped(reason=reason):
                return event.replace(reason=mask(reason))
            case JobsLeft(listing=listing):
                return event.replace(listing=mask(listing))
            case Notice(text=text):
                return event.replace(text=mask(text))
            case RunRefused(message=message):
                return event.replace(message=mask(message))
        return event

    def _with_masked_step(self, event: CommandEnded | StepSkipped) -> CommandEnded | StepSkipped:
        step = self._steps.get(id(event.step), event.step)
        return event.replace(step=step) if isinstance(step, Command) else event

    def _mask_workshop(self, workshop: Workshop) -> Workshop:
        """Return the workshop as it may be shown, and remember which of its steps are others."""
        mask = self._masker.mask_text
        self._original = workshop  # keeps the identities of its steps from being used again
        self._steps = {}
        for step in workshop.steps:
            masked = step.replace(text=mask(step.text))
            if isinstance(masked, Command):
                masked = masked.replace(
                    name=masked.name and mask(masked.name),
                    note=masked.note and mask(masked.note),
                )
            if masked != step:
                self._steps[id(step)] = masked
        titles = [mask(section.title) for section in workshop.sections]
        return workshop.replace(
            steps=tuple(self._steps.get(id(step), step) for step in workshop.steps),
            sections=tuple(
                section.replace(title=title)
                for section, title in zip(workshop.sections, titles, strict=True)
            ),
        )

    def _mask_result(self, result: CommandResult) -> CommandResult:
        mask = self._masker.mask_text
        verdict = result.verdict
        if verdict.reasons or verdict.hint:
            verdict = verdict.replace(
                reasons=tuple(mask(reason) for reason in verdict.reasons),
                hint=verdict.hint and mask(verdict.hint),
            )
        return result.replace(
            output=self._mask_output(result.output),
            verdict=verdict,
            edited=result.edited and mask(result.edited),
        )

    def _mask_output(self, output: str) -> str:
        masked = self._masker.mask_text(output)
        if "\x1b" in masked:
            # A colour that begins within a secret hides it from us, and not from a plain report.
            plain = strip_escapes(masked)
            without = self._masker.mask_text(plain)
            if without != plain:
                return without
        return masked
