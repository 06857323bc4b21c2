"""Load shapes: stages that follow each other, and when conversations arrive in an open loop. No clock, no I/O.

A *closed* stage keeps a number of conversations under way: the server's slowness slows the load down. An *open* one lets
conversations arrive at a rate, whatever has become of earlier ones, as people do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from math import log, sqrt
from typing import Literal

from clemsim.errors import UsageError
from clemsim.game.seeds import Dice
from clemsim.stress.plan.slo import duration

Arrivals = Literal["poisson", "constant"]

_STAGE = re.compile(r"(?P<first>[\d.]+?)(?P<rate>/s)?(?:\.\.(?P<last>[\d.]+?)(?:/s)?)?:(?P<time>[^:]+)")
_SWEEP = re.compile(r"(\d+):(\d+)(?::([\d.]+))?")


@dataclass(frozen=True, slots=True)
class Stage:
    """From `first` to `last` over `seconds`: conversations under way, or, where `open_`, arriving each second.

    What happens in the first `warmup` seconds is not measured. `adaptive`: it lasts longer where too little was seen.
    """

    first: float
    last: float
    seconds: float
    open_: bool = False
    warmup: float = 0.0
    adaptive: bool = False

    @property
    def label(self) -> str:
        """Such as `64`, `1..64` or `5/s`."""
        unit = "/s" if self.open_ else ""
        return f"{self.first:g}{unit}" if self.first == self.last else f"{self.first:g}..{self.last:g}{unit}"

    def at(self, seconds: float) -> float:
        """The load so many seconds after its beginning."""
        share = min(1.0, seconds / self.seconds) if self.seconds else 1.0
        return self.first + share * (self.last - self.first)


def parse_stage(text: str) -> Stage:
    """A stage out of `64:30s`, `1..64:2m`, `5/s:1m` or `1/s..10/s:2m`. Raises UsageError."""
    found = _STAGE.fullmatch(text.strip())
    try:
        if not found:
            raise ValueError
        first, last = float(found["first"]), float(found["last"] or found["first"])
    except ValueError:
        raise UsageError(f"--stage {text}: give LOAD:TIME, as in 64:30s, 1..64:2m, 5/s:1m or 1/s..10/s:2m") from None
    open_ = bool(found["rate"])
    if min(first, last) < (0 if open_ else 1) or not max(first, last) or (not open_ and first != int(first)):
        raise UsageError(f"--stage {text}: a load is a whole number of conversations, or a rate above 0")
    return Stage(first, last, positive(found["time"], "--stage"), open_)


def positive(text: str, of: str) -> float:
    """A duration above 0. Raises UsageError."""
    seconds = duration(text, of)
    if seconds <= 0:
        raise UsageError(f"{of} {text}: give a time above 0")
    return seconds


def parse_sweep(text: str) -> list[int]:
    """The steps of `FROM:TO[:FACTOR]`, each so many times the one before (2 unless given). Raises UsageError."""
    found = _SWEEP.fullmatch(text.strip())
    try:
        if not found:
            raise ValueError
        first, last, factor = int(found[1]), int(found[2]), float(found[3] or 2)
    except ValueError:
        raise UsageError(f"--sweep {text}: give FROM:TO or FROM:TO:FACTOR, as in 1:1024 or 1:256:1.5") from None
    if not 1 <= first <= last or factor < 1.05:
        raise UsageError(f"--sweep {text}: go from 1 or more upwards, by a factor of at least 1.05")
    return steps(first, last, factor)


def steps(first: int, last: int, factor: float) -> list[int]:
    """From first to last, each about `factor` times the one before and at least one more; the last is always there."""
    found, value = [first], float(first)
    while found[-1] < last:
        value = max(value * factor, found[-1] + 1)
        found.append(min(last, round(value)))
    return found


def arrivals(stages: Sequence[Stage], kind: Arrivals, dice: Dice) -> Iterator[tuple[float, int]]:
    """When conversations arrive in open stages that follow each other: seconds from the beginning of the first, and the
    number of the stage. Poisson: the gaps are exponential and independent, at a rate that may change with time (the
    expected number of arrivals so far grows by unit-exponential steps; Cinlar 1975).
    """
    begun, done = 0.0, 0.0
    due = step(kind, dice)  # in expected arrivals since the beginning
    for number, stage in enumerate(stages):
        most = stage.seconds * (stage.first + stage.last) / 2
        while due < done + most:
            yield begun + _when(stage, due - done), number
            due += step(kind, dice)
        begun, done = begun + stage.seconds, done + most


def step(kind: Arrivals, dice: Dice) -> float:
    """Expected arrivals until the next one: 1 on average."""
    return -log(1.0 - dice.random()) if kind == "poisson" else 1.0


def _when(stage: Stage, arrivals: float) -> float:
    """Seconds into a stage at which so many arrivals are expected: the rate is linear, so the count is quadratic."""
    slope = (stage.last - stage.first) / stage.seconds
    if abs(slope) < 1e-12:
        return arrivals / stage.first
    return (sqrt(max(0.0, stage.first**2 + 2 * slope * arrivals)) - stage.first) / slope


@dataclass(frozen=True, slots=True)
class ThinkTime:
    """How long somebody thinks before each turn but the first: seconds, on average where `spread` (exponential)."""

    seconds: float = 0.0
    spread: bool = False

    @classmethod
    def parse(cls, text: str) -> ThinkTime:
        """Out of `2s`, or `exp:2s` for times that vary. Raises UsageError."""
        kind, _, time = text.rpartition(":")
        if kind not in ("", "exp"):
            raise UsageError(f"--think {text}: give a time such as 2s, or exp:2s for times that vary")
        return cls(duration(time, "--think"), bool(kind))

    def draw(self, dice: Dice) -> float:
        """Seconds before one turn."""
        return dice.expovariate(1 / self.seconds) if self.spread and self.seconds else self.seconds


def growing(values: Sequence[float], worth: float, patience: int) -> bool:
    """Whether any of the last `patience` values is so much more (a share) than the greatest of all before."""
    if len(values) <= patience:
        return True
    before = max(values[:-patience])
    return max(values[-patience:]) > before * (1 + worth)


def before(times: Iterator[tuple[float, int]], end: float) -> Iterator[tuple[float, int]]:
    """Those before a time."""
    return takewhile(lambda each: each[0] < end, times)
