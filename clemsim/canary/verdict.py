"""What a canary found, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict

from clemsim.results.intervals import Interval

Answer = Literal["same", "worse", "better", "open"]
MeasureKey = Literal["worth", "played", "speed"]

NAMES: Mapping[MeasureKey, str] = {"worth": "worth", "played": "%Played", "speed": "speed"}


class CanaryMeasure(BaseModel):
    """One measure of B against A, over so many pairs.

    For `worth` and `played` the interval is of the difference B - A in points, for `speed` of the median ratio of tokens
    a second, B over A (upper end None: no bound yet). `a` and `b`: means of the arms in points, None for speed. `margin`
    in the unit of the interval; of speed the ratio above 1. `visible`: about the change that as many pairs show in four
    canaries of five, in points; None where it is not known.
    """

    model_config = ConfigDict(frozen=True)
    name: MeasureKey
    answer: Answer
    pairs: int
    estimate: float | None
    interval: tuple[float, float | None]
    margin: float
    a: float | None = None
    b: float | None = None
    visible: float | None = None


class CanaryVerdict(BaseModel):
    """Whether B is as good as A: `worse` where any measure is, `same` where none is worse and none is open, else `open`.

    Speed counts only where it was measured. `looked_at` pairs of `pairs` were compared. `unfinished`: pairs left out, of
    which an arm brought no episode to its end, by arm. `same_transcripts`: share of the pairs whose replies agree word for
    word. `ended`: why no more was played.
    """

    model_config = ConfigDict(frozen=True)
    answer: Literal["same", "worse", "open"]
    a: str
    b: str
    runs: Mapping[str, str]
    looked_at: int
    pairs: int
    unfinished: Mapping[str, int]
    same_transcripts: float | None
    seconds: float
    ended: str
    level: float
    measures: Sequence[CanaryMeasure]
    sentences: Sequence[str]


def ends(interval: Interval) -> tuple[float, float | None]:
    """Return an interval whose upper end is None where there is no bound."""
    low, high = interval
    return round(low, 4), None if high == float("inf") else round(high, 4)
