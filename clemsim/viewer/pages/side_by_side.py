"""Two dialogues of one instance, step by step beside each other, with the place where they part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from clemsim.errors import UsageError
from clemsim.results.dialogue.difference import What, first_difference
from clemsim.results.dialogue.model import Dialogue, DialogueStep, Note, TurnBatch
from clemsim.results.dialogue.read import read_dialogue
from clemsim.store import reader
from clemsim.store.folder import STORE, read_description

Parts = tuple[Sequence[DialogueStep], Sequence[DialogueStep]]  # before and from the first difference on
WORDS: dict[What, str] = {
    "seat": "another seat is asked",
    "asked": "the seat is told or asked something else",
    "replied": "the replies differ",
    "judged": "the same reply is judged otherwise",
    "length": "one of them has no turn more",
    "outcome": "all turns are alike, and the outcomes differ",
}


@dataclass(frozen=True, slots=True)
class StepPair:
    """The steps at one place of both; None where one has ended. `parts`: the first difference lies here."""

    a: DialogueStep | None
    b: DialogueStep | None
    parts: bool


@dataclass(frozen=True, slots=True)
class SideBySide:
    """Two dialogues: the steps that are the same in both, and those from their first difference on.

    `told`: where they part, in words; empty where they do not.
    """

    a: Dialogue
    b: Dialogue
    alike: Sequence[DialogueStep]
    rest: Sequence[StepPair]
    told: str

    @property
    def parting(self) -> bool:
        """Whether there is a step at which they part, and not the outcome alone."""
        return any(row.parts for row in self.rest)


def side_by_side(first: tuple[Path, int], second: tuple[Path, int]) -> SideBySide:
    """Return the dialogues of two episodes, each given with the folder of its run. Raises UsageError and StoreError."""
    a, b = _dialogue(*first), _dialogue(*second)
    found = first_difference(a, b)
    if found is None:
        return SideBySide(a, b, _said(a.steps), [], "")
    ours, theirs = _cut(a.steps, found.step_a), _cut(b.steps, found.step_b)
    told = f"turn {found.turn}: {WORDS[found.what]}"
    return SideBySide(a, b, _shared(ours[0], theirs[0]), list(_rows(ours, theirs)), told)


def _cut(steps: Sequence[DialogueStep], place: int | None) -> Parts:
    """Return the steps before a place, and those from it on; all come before where it is None."""
    end = len(steps) if place is None else place
    return _said(steps[:end]), _said(steps[end:])


def _shared(ours: Sequence[DialogueStep], theirs: Sequence[DialogueStep]) -> list[DialogueStep]:
    """Return the steps before the difference that both have: the turns, which are alike there, and the same messages."""
    return [step for step in ours if isinstance(step, TurnBatch) or step in theirs]


def _rows(
    ours: tuple[Sequence[DialogueStep], Sequence[DialogueStep]],
    theirs: tuple[Sequence[DialogueStep], Sequence[DialogueStep]],
) -> Iterator[StepPair]:
    """Yield what only one of them has before the difference, the difference, and what follows."""
    before = (
        [step for step in own[0] if not isinstance(step, TurnBatch) and step not in other[0]]
        for own, other in ((ours, theirs), (theirs, ours))
    )
    for left, right in zip_longest(*before):
        yield StepPair(left, right, parts=False)
    for place, (left, right) in enumerate(zip_longest(ours[1], theirs[1])):
        yield StepPair(left, right, parts=place == 0)


def _dialogue(folder: Path, number: int) -> Dialogue:
    with reader.reading(folder / STORE) as base:
        row = reader.episode(base, number)
        if row is None:
            raise UsageError(f"there is no episode {number} in this run")
        return read_dialogue(base, row, read_description(folder))


def _said(steps: Sequence[DialogueStep]) -> list[DialogueStep]:
    """Return the steps without what the game wrote down for itself."""
    return [step for step in steps if not isinstance(step, Note)]
