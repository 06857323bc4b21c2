"""Load shapes: stages in a row, and the arrival times of conversations in an open loop. No clock, no I/O.

A *closed* stage keeps a number of conversations under way, so a slow server slows the load down. An *open* stage lets
conversations arrive at a rate, whatever has become of earlier ones, as people do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import log, sqrt
from typing import Literal

from clemsim.errors import UsageError
from clemsim.game.seeds import Dice
from clemsim.stress.plan.durations import parse_duration, parse_positive_duration

ArrivalProcess = Literal["poisson", "constant"]

_STAGE = re.compile(r"(?P<first>[\d.]+?)(?P<rate>/s)?(?:\.\.(?P<last>[\d.]+?)(?:/s)?)?:(?P<time>[^:]+)")
_SWEEP = re.compile(r"(\d+):(\d+)(?::([\d.]+))?")


@dataclass(frozen=True, slots=True)
class Stage:
    """A load that goes from `first` to `last` in `seconds`.

    The load is a number of conversations under way or, with `open_loop`, of conversations that arrive each second. The
    first `warmup` seconds are not measured. An `adaptive` stage lasts longer where too few turns were answered.
    """

    first: float
    last: float
    seconds: float
    open_loop: bool = False
    warmup: float = 0.0
    adaptive: bool = False
    name: str = ""

    @property
    def label(self) -> str:
        """Return the load as text, such as `64`, `1..64` or `5/s`; its name if it has one."""
        if self.name:
            return self.name
        unit = "/s" if self.open_loop else ""
        return f"{self.first:g}{unit}" if self.first == self.last else f"{self.first:g}..{self.last:g}{unit}"

    def load_at(self, seconds: float) -> float:
        """Return the load this many `seconds` after the stage began."""
        share = min(1.0, seconds / self.seconds) if self.seconds else 1.0
        return self.first + share * (self.last - self.first)


def parse_stage(text: str) -> Stage:
    """Read a stage such as `64:30s`, `1..64:2m`, `5/s:1m` or `1/s..10/s:2m`. Raise UsageError if the text is none."""
    match = _STAGE.fullmatch(text.strip())
    try:
        if not match:
            raise ValueError
        first, last = float(match["first"]), float(match["last"] or match["first"])
    except ValueError:
        raise UsageError(f"--stage {text}: give LOAD:TIME, as in 64:30s, 1..64:2m, 5/s:1m or 1/s..10/s:2m") from None
    open_loop = bool(match["rate"])
    if min(first, last) < (0 if open_loop else 1) or not max(first, last) or (not open_loop and first != int(first)):
        raise UsageError(f"--stage {text}: a load is a whole number of conversations, or a rate above 0")
    return Stage(first, last, parse_positive_duration(match["time"], "--stage"), open_loop)


def parse_sweep(text: str) -> list[int]:
    """Read the steps of `FROM:TO[:FACTOR]`; each is FACTOR (2 if left out) times the one before. Raise UsageError."""
    match = _SWEEP.fullmatch(text.strip())
    try:
        if not match:
            raise ValueError
        first, last, factor = int(match[1]), int(match[2]), float(match[3] or 2)
    except ValueError:
        raise UsageError(f"--sweep {text}: give FROM:TO or FROM:TO:FACTOR, as in 1:1024 or 1:256:1.5") from None
    if not 1 <= first <= last or factor < 1.05:
        raise UsageError(f"--sweep {text}: go from 1 or more upwards, by a factor of at least 1.05")
    return sweep_steps(first, last, factor)


def sweep_steps(first: int, last: int, factor: float) -> list[int]:
    """Return the steps from `first` to `last`: each about `factor` times the one before, and at least one more."""
    steps, value = [first], float(first)
    while steps[-1] < last:
        value = max(value * factor, steps[-1] + 1)
        steps.append(min(last, round(value)))
    return steps


def arrival_times(stages: Sequence[Stage], process: ArrivalProcess, dice: Dice) -> Iterator[tuple[float, int]]:
    """Yield when conversations arrive in open stages in a row: seconds since the first stage began, and the stage's index.

    Poisson: the gaps are exponential and independent, at a rate that may change with time; the expected number of
    arrivals so far grows by unit-exponential steps (Cinlar 1975, *Introduction to Stochastic Processes*).
    """
    begin, past = 0.0, 0.0
    due = arrival_gap(process, dice)  # in expected arrivals since the beginning
    for number, stage in enumerate(stages):
        expected = stage.seconds * (stage.first + stage.last) / 2
        while due < past + expected:
            yield begin + _seconds_until(stage, due - past), number
            due += arrival_gap(process, dice)
        begin, past = begin + stage.seconds, past + expected


def arrival_gap(process: ArrivalProcess, dice: Dice) -> float:
    """Return the number of expected arrivals until the next one; its mean is 1."""
    return -log(1.0 - dice.random()) if process == "poisson" else 1.0


def _seconds_until(stage: Stage, arrivals: float) -> float:
    """Return after how many seconds of the stage this many arrivals are expected.

    The rate is linear in time, so the count is quadratic in time.
    """
    slope = (stage.last - stage.first) / stage.seconds
    if abs(slope) < 1e-12:
        return arrivals / stage.first
    return (sqrt(max(0.0, stage.first**2 + 2 * slope * arrivals)) - stage.first) / slope


@dataclass(frozen=True, slots=True)
class ThinkTime:
    """Seconds of thinking before each turn of a conversation but the first; a mean (exponential) with `spread`."""

    seconds: float = 0.0
    spread: bool = False

    @classmethod
    def parse(cls, text: str) -> ThinkTime:
        """Read `2s`, or `exp:2s` for times that vary. Raise UsageError for anything else."""
        kind, _, time = text.rpartition(":")
        if kind not in ("", "exp"):
            raise UsageError(f"--think {text}: give a time such as 2s, or exp:2s for times that vary")
        return cls(parse_duration(time, "--think"), bool(kind))

    def draw(self, dice: Dice) -> float:
        """Return the seconds before one turn."""
        return dice.expovariate(1 / self.seconds) if self.spread and self.seconds else self.seconds


def still_growing(values: Sequence[float], gain: float, patience: int) -> bool:
    """Return whether one of the last `patience` values exceeds all values before them by more than the share `gain`."""
    if len(values) <= patience:
        return True
    earlier = max(values[:-patience])
    return max(values[-patience:]) > earlier * (1 + gain)
