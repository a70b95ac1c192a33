"""What trials of mutations say about a workshop: noticed, unnoticed, or nothing to be seen."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from enum import StrEnum

from meshpeek.cli.pipelines.mutation_runs.trial import StepTrial, Trial
from meshpeek.sinks.transcripts.normalise import normalise
from meshpeek.workshop.model import Normalisation
from meshpeek.workshop.mutations import Mutation
from meshpeek.workshop.values import Value

_MOST_FIELDS = 3
_PAGES = {True: ", and no page,", False: ""}
_LATE = "it did not end in time"


class Outcome(StrEnum):
    """What becomes of a mutation."""

    NOTICED = "noticed"
    UNNOTICED = "unnoticed"
    HARMLESS = "nothing to see"


class Finding(Value):
    """What became of a mutation, where, and why."""

    mutation: Mutation
    outcome: Outcome
    place: str
    reason: str


class Judge:
    """Judges trials by two others, in which nothing was wrong: what differs between those is noise.

    `settings` is how outputs are made comparable.
    """

    def __init__(self, trial: Trial, again: Trial, settings: Normalisation) -> None:
        self._settings = settings
        self._steps = trial.steps
        self._shown = trial.shown
        self._findings = trial.findings
        self._noise = {
            index
            for index, (one, other) in enumerate(zip(trial.steps, again.steps, strict=False))
            if not self._is_same(one, other)
        }
        self._state = {
            field: value for field, value in trial.state.items() if again.state.get(field) == value
        }
        self._volatile = trial.state.keys() ^ again.state.keys() | {
            field for field in trial.state if again.state.get(field) != trial.state[field]
        }

    def judge(self, mutation: Mutation, trial: Trial | None) -> Finding:
        """Return what became of `mutation`; `trial` is None if it did not end."""
        if trial is None:
            return Finding(mutation, Outcome.NOTICED, "", _LATE)
        if trial.error is not None:
            first = trial.error.splitlines()[0]
            return Finding(mutation, Outcome.NOTICED, "", first.removeprefix("error: "))
        failed = next((step for step in trial.steps if not step.passed), None)
        if failed:
            return Finding(mutation, Outcome.NOTICED, _place(failed), "; ".join(failed.reasons))
        new = [finding for finding in trial.findings if finding not in self._findings]
        if new:
            return Finding(mutation, Outcome.NOTICED, "", f"lint: {new[0]}")
        if mutation.harmless:
            return Finding(mutation, Outcome.HARMLESS, "", mutation.harmless)
        other = self._first_other(trial.steps)
        if other:
            reason = "its output is another, and it passes"
            return Finding(mutation, Outcome.UNNOTICED, _place(other), reason)
        missing = list((Counter(self._shown) - Counter(trial.shown)).elements())
        if missing and mutation.kind == "directive":
            reason = f"the audience does not see {len(missing)} texts and commands"
            return Finding(mutation, Outcome.UNNOTICED, "", reason)
        fields = self._other_fields(trial)
        if not fields:
            reason = "every step printed the same, and the clusters ended in the same state"
            return Finding(mutation, Outcome.HARMLESS, "", reason)
        more = len(fields) - _MOST_FIELDS
        told = ", ".join(fields[:_MOST_FIELDS]) + (f" and {more} more" if more > 0 else "")
        outcome = Outcome.HARMLESS if trial.looks else Outcome.UNNOTICED
        return Finding(mutation, outcome, "", f"no step{_PAGES[trial.looks]} shows {told}")

    def _first_other(self, steps: Sequence[StepTrial]) -> StepTrial | None:
        """Return the first step that printed something else than without the mutation."""
        matcher = SequenceMatcher(
            None, [step.text for step in self._steps], [step.text for step in steps], autojunk=False
        )
        for _, first, last, start, end in matcher.get_opcodes():
            for index, step in zip(range(first, last), steps[start:end], strict=False):
                if index not in self._noise and not self._is_same(self._steps[index], step):
                    return step
        return None

    def _is_same(self, one: StepTrial, other: StepTrial) -> bool:
        lines = (
            [line.text for line in normalise(step.output, self._settings)] for step in (one, other)
        )
        return next(lines) == next(lines)

    def _other_fields(self, trial: Trial) -> list[str]:
        """Return the fields of the clusters that are others than without the mutation."""
        changed = [f for f, value in self._state.items() if trial.state.get(f) != value]
        added = [f for f in trial.state if f not in self._state and f not in self._volatile]
        return [field for field in [*changed, *added] if field not in self._volatile]


def _place(step: StepTrial) -> str:
    return f"{step.path}:{step.line}"


def describe(findings: Sequence[Finding], *, everything: bool) -> Iterator[str]:
    """Yield the lines about `findings`: those that nobody noticed, and the rest if asked for."""
    wanted = list(Outcome) if everything else [Outcome.UNNOTICED, Outcome.HARMLESS]
    for outcome in wanted:
        chosen = [finding for finding in findings if finding.outcome is outcome]
        if not chosen:
            continue
        yield f"{outcome.value}:"
        for finding in chosen:
            mutation = finding.mutation
            yield f"  {mutation.path}:{mutation.line}: {mutation.change}"
            yield f"    {': '.join(filter(None, [finding.place, finding.reason]))}"
        yield ""
    yield summary(findings)


def summary(findings: Sequence[Finding]) -> str:
    """Return the line with the counts."""
    counts = Counter(finding.outcome for finding in findings)
    told = ", ".join(f"{counts[outcome]} {outcome.value}" for outcome in Outcome)
    return f"{len(findings)} mutations: {told}; {share_noticed(findings):.0f} % noticed"


def share_noticed(findings: Sequence[Finding]) -> float:
    """Return how many of those that somebody could see were noticed, in per cent."""
    counts = Counter(finding.outcome for finding in findings)
    visible = counts[Outcome.NOTICED] + counts[Outcome.UNNOTICED]
    return 100 * counts[Outcome.NOTICED] / visible if visible else 100.0


def findings_document(findings: Sequence[Finding]) -> str:
    """Return the JSON of `meshpeek mutate --json`.

    `{"mutations": [{"path", "line", "kind", "change", "outcome", "step", "reason"}], "noticed": PER
    CENT}`; `step` is the place of the one that noticed it, or that should.
    """
    described = [
        {
            "path": finding.mutation.path,
            "line": finding.mutation.line,
            "kind": finding.mutation.kind,
            "change": finding.mutation.change,
            "outcome": finding.outcome.value,
            "step": finding.place or None,
            "reason": finding.reason,
        }
        for finding in findings
    ]
    return json.dumps(
        {"mutations": described, "noticed": round(share_noticed(findings), 1)},
        indent=2,
        ensure_ascii=False,
    )
