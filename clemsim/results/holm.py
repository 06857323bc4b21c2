"""Families of tests: p values adjusted for each other, and the levels of intervals that go with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def significant(values: Mapping[str, float], level: float) -> set[str]:
    """Return the names of the tests that are significant at `level` for all tests together (Holm 1979)."""
    return {name for name, p in zip(values, holm(list(values.values())), strict=True) if p is not None and p <= level}


def holm(ps: Sequence[float | None]) -> list[float | None]:
    """Return p values adjusted so that the chance of any false verdict among them stays below the level (Holm 1979). None
    stays None.
    """
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    adjusted: list[float | None] = [None] * len(ps)
    highest = 0.0
    for rank, (p, index) in enumerate(known):
        highest = max(highest, min(1.0, (len(known) - rank) * p))
        adjusted[index] = highest
    return adjusted


def holm_levels(ps: Sequence[float | None], alpha: float = 0.05) -> list[float]:
    """Return, for each test, the level of the interval that its p value has to leave 0 out of in Holm's procedure (1979).

    With m tests of which k are decided, the tests that are decided first to last have 1 - alpha/m, 1 - alpha/(m - 1) and so
    on; all others have 1 - alpha/(m - k). So an interval of that level leaves 0 out exactly where the test is decided.
    """
    adjusted = holm(ps)
    known = sorted((p, index) for index, p in enumerate(ps) if p is not None)
    decided = [index for _, index in known if (adjusted[index] or 0.0) < alpha]
    levels = [1 - alpha / max(1, len(known) - len(decided))] * len(ps)
    for rank, index in enumerate(decided):
        levels[index] = 1 - alpha / (len(known) - rank)
    return levels
