"""What `clemsim compare` says of two agents, as data that need none of its libraries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from clemsim.analysis.compare import compare
from clemsim.errors import UsageError
from clemsim.results.joint_outcomes import JointOutcomes


@dataclass(frozen=True, slots=True)
class ComparedRow:
    """A metric of a game, or of all games (`overall`), in points: see `ComparisonRow`. `interval`: the one that the verdict
    rests on.
    """

    game: str
    metric: str
    instances: int
    a: float | None
    b: float | None
    difference: float | None
    interval: tuple[float, float] | None
    p: float | None
    p_holm: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class PairedVerdict:
    """What a comparison says: see `RunComparison`."""

    a: str
    b: str
    reading: str
    rows: Sequence[ComparedRow]
    sentences: Sequence[str]
    notes: Sequence[str]
    joint: Sequence[JointOutcomes]


def paired_verdict(
    first: Path, second: Path, agent_a: str | None, agent_b: str | None, *, anyway: bool
) -> PairedVerdict | str:
    """Return the comparison of two runs, or why they cannot be compared. Raises StoreError."""
    try:
        found = compare(first, second, agent_a, agent_b, anyway=anyway)
    except UsageError as error:
        return str(error)
    rows = []
    for row in found.rows:
        low, high = row.joint_low, row.joint_high
        ends = None if low is None or high is None else (low, high)
        values = row.a, row.b, row.difference, ends, row.p, row.p_holm
        rows.append(ComparedRow(row.game, row.metric, row.instances, *values, row.verdict))
    return PairedVerdict(found.a, found.b, found.reading, rows, found.sentences, found.notes, found.joint)
