"""Two agents of a run that a stopping rule about them ended: the verdict that holds at all looks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clemsim.results.intervals import Interval
from clemsim.results.stopping_result import DIFFERENCE, ended_by


@dataclass(frozen=True, slots=True)
class SequentialVerdict:
    """The difference in worth over all games, first - second: its interval in points, which holds at all looks, and the
    stopping rule with its answer in one line.
    """

    interval: Interval
    text: str


def sequential_verdict(run_a: Path, run_b: Path, agents: tuple[str, str]) -> SequentialVerdict | None:
    """Return the verdict on two agents; None: no stopping rule about their difference ended the run that both are of.
    Raises StoreError.
    """
    stopped = ended_by(run_a) if run_a.resolve() == run_b.resolve() else None
    if stopped is None or stopped.quantity != DIFFERENCE or set(stopped.agents) != set(agents):
        return None
    low, high = stopped.intervals["difference"]
    return SequentialVerdict((low, high) if agents == stopped.agents else (-high, -low), stopped.text)
