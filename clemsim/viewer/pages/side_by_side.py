"""Two dialogues of one instance, step by step beside each other, with the place where they part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from clemsim.errors import UsageError
from clemsim.results.dialogue.difference import FirstDifference, What, first_difference
from clemsim.results.dialogue.model import Dialogue, DialogueStep, Note
from clemsim.results.dialogue.read import read_dialogue
from clemsim.store import reader
from clemsim.store.folder import STORE, read_description

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


def side_by_side(first: tuple[Path, int], second: tuple[Path, int]) -> SideBySide:
    """Return the dialogues of two episodes, each given with the folder of its run. Raises UsageError and StoreError."""
    a, b = _dialogue(*first), _dialogue(*second)
    found = first_difference(a, b)
    ours, theirs = _said(a.steps), _said(b.steps)
    begin = _begin(found, a, b, ours, theirs)
    rest = [
        StepPair(left, right, place == 0) for place, (left, right) in enumerate(zip_longest(ours[begin:], theirs[begin:]))
    ]
    told = f"turn {found.turn}: {WORDS[found.what]}" if found else ""
    return SideBySide(a, b, ours[:begin], rest, told)


def _dialogue(folder: Path, number: int) -> Dialogue:
    with reader.reading(folder / STORE) as base:
        row = reader.episode(base, number)
        if row is None:
            raise UsageError(f"there is no episode {number} in this run")
        return read_dialogue(base, row, read_description(folder))


def _said(steps: Sequence[DialogueStep]) -> list[DialogueStep]:
    """Return the steps without what the game wrote down for itself."""
    return [step for step in steps if not isinstance(step, Note)]


def _begin(
    found: FirstDifference | None,
    a: Dialogue,
    b: Dialogue,
    ours: Sequence[DialogueStep],
    theirs: Sequence[DialogueStep],
) -> int:
    """Return the place among the steps from which on both are shown beside each other."""
    if found is None or (found.step_a is None and found.step_b is None):
        return min(len(ours), len(theirs))
    places = [
        said.index(dialogue.steps[step]) if step is not None else len(said)
        for dialogue, said, step in ((a, ours, found.step_a), (b, theirs, found.step_b))
    ]
    return min(places)
