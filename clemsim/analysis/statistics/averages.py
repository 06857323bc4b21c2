"""%Played, Quality and clemscore averaged over games, by one of several rules for games that were never played."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
AveragingRule = Literal["paper", "zero"]
RULES: tuple[AveragingRule, ...] = get_args(AveragingRule)


class Averages(NamedTuple):
    """Averages over games, 0..100, one for each model and draw; NaN where nothing was scored."""

    played: Numbers
    quality: Numbers
    clemscore: Numbers


def averages(played: Numbers, quality: Numbers, rule: AveragingRule = "paper") -> Averages:
    """Average over the last axis, the games. NaN in `played`: never run; NaN in `quality`: nothing scored.

    `paper` leaves a game without Quality out of the average Quality but keeps its %Played (Bhavsar et al. 2024; clembench);
    `zero` counts the Quality of a game that was run and never played as 0. clemscore = %Played / 100 x Quality.
    """
    if rule == "zero":
        quality = np.where(np.isnan(quality) & ~np.isnan(played), 0.0, quality)
    mean_played, mean_quality = mean(played), mean(quality)
    return Averages(mean_played, mean_quality, mean_played / 100 * mean_quality)


def points(played: Numbers, quality: Numbers) -> Numbers:
    """Return the mean score of an episode, an aborted one as 0: %Played / 100 x Quality, 0 where never played."""
    return played / 100 * np.where(np.isnan(quality), 0.0, quality)


def mean(values: Numbers) -> Numbers:
    """Return the mean over the last axis of the values that are not NaN; NaN where there are none."""
    known = ~np.isnan(values)
    count = known.sum(axis=-1)
    total = np.where(known, values, 0.0).sum(axis=-1)
    means: Numbers = np.divide(total, count, out=np.full(np.shape(count), np.nan), where=count > 0)
    return means
