"""The runs of a study as rows of a table or of JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from clemsim.results.costs import AgentCost
from clemsim.results.intervals import Interval


class StudyRow(BaseModel):
    """A run of a study: its folder within the study's, its players (`label`), suite, seed and decoding."""

    model_config = ConfigDict(frozen=True)
    run: str
    label: str
    suite: str
    seed: int
    constrained: bool

    @property
    def setting(self) -> str:
        """Suite, seed and decoding: `quick, seed 0, constrained`."""
        return f"{self.suite}, seed {self.seed}" + (", constrained" if self.constrained else "")


class PlannedRow(StudyRow):
    """A run that is to be played, with its number of episodes.

    `detectable`: the true difference in worth between two agents, in points, that such runs show four times in five;
    `width`: of the 95 % interval of worth to expect. `turns`, `tokens_in`, `tokens_out`: its cost; at `most` so much where
    the limits of the games are all that is known. `price`: of its tokens, by the agents' prices. None where nothing is
    known.
    """

    episodes: int
    detectable: float | None
    width: float | None
    turns: int
    most: bool
    tokens_in: int | None
    tokens_out: int | None
    price: float | None = None


class OutcomeRow(StudyRow):
    """A run after a session, with its episodes and averages (0..100); None where the run could not be played.

    `intervals`: of 95 %, by score, where there are any. `rank_low` to `rank_high`: the ranks in worth that it may have among
    the runs of its suite, seed and decoding; `tier`: 1 for the best and those not shown to differ from it, and so on; None
    for pairings, where there is no other run, and without the extra `analysis`. `detectable`: the true difference in worth
    between two runs of its setting that these instances show four times in five.

    `seconds`: the duration of the session, rounded to a tenth. `cost`: what all its agents cost together in all sessions, by
    game, of an episode and of a point of worth; None where none of them has a price. `why`: the reason for which the run is
    not complete.
    """

    episodes: int | None
    unfinished: int | None
    played: float | None
    quality: float | None
    clemscore: float | None
    worth: float | None
    intervals: dict[str, Interval]
    rank_low: int | None
    rank_high: int | None
    tier: int | None
    detectable: float | None
    seconds: float
    cost: AgentCost | None = None
    why: str


class PlannedStudy(BaseModel):
    """A study that is to be played, with the number of episodes, turns and tokens of all runs, the price of those that have
    one, the sources of these numbers, and notes on their limits.
    """

    model_config = ConfigDict(frozen=True)
    study: str
    episodes: int
    turns: int
    tokens_in: int | None
    tokens_out: int | None
    price: float | None = None
    variance_from: str
    costs_from: str
    notes: tuple[str, ...]
    runs: tuple[PlannedRow, ...]


class StudyOutcome(BaseModel):
    """The runs of the study in folder `study`, the number of those that are not complete, and what all that have a price
    cost together.
    """

    model_config = ConfigDict(frozen=True)
    study: str
    runs: tuple[OutcomeRow, ...]
    missing: int
    cost: float | None = None
