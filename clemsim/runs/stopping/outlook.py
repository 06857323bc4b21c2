"""What the instances of a run can answer, said before they are played."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from clemsim.game.outcomes import Outcome
from clemsim.runs.stopping.criteria import Better, BlockOutcomes, CastOutcomes, Criterion, Equivalent, Narrow
from clemsim.runs.stopping.order import Block

REACH = 3.7  # standard errors: a true difference that is answered four times in five (found by simulation, within about 0.3)
MOST = 3000  # instances; of more an interval is not worked out beforehand: it would take seconds
HELP = "more instances help (clemsim suite generate), repetitions of these hardly"

WON, LOST = Outcome.success(100.0), Outcome.failure("")
ALIKE = (WON, Outcome.success(50.0), LOST, Outcome.aborted("", blame=""))
Play = Callable[[int, int], Outcome]  # of the number of an agent and that of an instance of a game


def outlook(text: str, make: Callable[[], Criterion], blocks: Sequence[Block]) -> str:
    """Return in one line what a rule with this text cannot learn from these blocks, at best or usually; empty: nothing is
    to be said. `make` returns the criterion of the rule, as it is before the first look.
    """
    criterion = make()
    if not isinstance(criterion, Better) and sum(map(len, blocks)) > MOST:
        return ""
    if isinstance(criterion, Narrow):
        return _of_width(text, make, criterion.width, blocks)
    if isinstance(criterion, Equivalent):
        return _of_equivalence(text, make, blocks)
    return _of_difference(text, make, blocks) if isinstance(criterion, Better) else ""


def _of_width(text: str, make: Callable[[], Criterion], width: float, blocks: Sequence[Block]) -> str:
    best = min(_width(_told(make, blocks, _always(outcome))) for outcome in ALIKE)
    if best >= width:
        what = f"even where all outcomes are alike, the interval is {best:.0f} points wide in the end"
        return f"{_cannot(text, blocks)}: {what}; {HELP}"
    usual = _width(_told(make, blocks, _half_won))
    if usual < width:
        return ""
    what = f"where half of the episodes are won the interval is {usual:.0f} points wide in the end"
    return f"{text}: {_these(blocks)} answer it only where outcomes vary little: {what}; {HELP}"


def _of_equivalence(text: str, make: Callable[[], Criterion], blocks: Sequence[Block]) -> str:
    best = _told(make, blocks, _always(WON))
    if not best.answer():
        what = f"even where all outcomes of both are alike, the interval is {_width(best):.0f} points wide in the end"
        return f"{_cannot(text, blocks)} with yes: {what}; {HELP}"
    usual = _told(make, blocks, _half_won)
    if usual.answer():
        return ""
    what = (
        f"where both win half of the episodes, but not the same, the interval is {_width(usual):.0f} points wide in the end"
    )
    return f"{text}: {_these(blocks)} say yes only where the two hardly differ: {what}; {HELP}"


def _of_difference(text: str, make: Callable[[], Criterion], blocks: Sequence[Block]) -> str:
    if not _told(make, blocks, lambda agent, number: LOST if agent else WON).answer():
        return f"{_cannot(text, blocks)}, even if one of the two wins them all and the other none; {HELP}"
    found = detectable(blocks)
    return f"{text}: {_these(blocks)} answer true differences of about {found:.0f} points or more; for smaller ones {HELP}"


def detectable(blocks: Sequence[Block]) -> float:
    """Return the true difference in worth, in points, that `A > B` answers in four runs of five.

    Both agents are taken to win about half of the episodes, independently: the largest variance of yes-or-no outcomes.
    """
    counts: dict[str, int] = defaultdict(int)
    for block in blocks:
        for instance in block:
            counts[instance.arena] += 1
    error = math.sqrt(sum(0.5 / count for count in counts.values())) / len(counts)
    return min(100.0, 100 * REACH * error)


def _always(outcome: Outcome) -> Play:
    return lambda agent, number: outcome


def _half_won(agent: int, number: int) -> Outcome:
    """Agents that each win every other instance; of four instances two both or neither, two one of them."""
    return WON if (number >> agent) % 2 else LOST


def _told(make: Callable[[], Criterion], blocks: Sequence[Block], play: Play) -> Criterion:
    """Return the criterion after all blocks, or as soon as it is answered, for outcomes that `play` decides."""
    criterion = make()
    for block in _outcomes(criterion, blocks, play):
        criterion.add(block)
        if criterion.answer():
            break
    return criterion


def _outcomes(criterion: Criterion, blocks: Sequence[Block], play: Play) -> Iterator[BlockOutcomes]:
    numbers: dict[str, int] = defaultdict(int)
    for block in blocks:
        games: dict[str, list[CastOutcomes]] = defaultdict(list)
        for instance in block:
            number = numbers[instance.arena]
            games[instance.arena].append({cast: [play(at, number)] for at, cast in enumerate(criterion.casts)})
            numbers[instance.arena] += 1
        yield dict(sorted(games.items()))


def _width(criterion: Criterion) -> float:
    return max(high - low for low, high in criterion.state()[1].values())


def _cannot(text: str, blocks: Sequence[Block]) -> str:
    return f"{text} cannot be answered by {_these(blocks)}"


def _these(blocks: Sequence[Block]) -> str:
    return f"these {sum(map(len, blocks))} instances"
