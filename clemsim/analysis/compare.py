"""The comparison of two runs for Python; it loads the libraries of the extra `analysis` when it is called."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from clemsim.analysis.extra import load
from clemsim.analysis.kinds import MARGIN

if TYPE_CHECKING:
    from clemsim.analysis.run_comparison import RunComparison


def compare(
    run_a: str | os.PathLike[str],
    run_b: str | os.PathLike[str],
    a: str | None = None,
    b: str | None = None,
    *,
    anyway: bool = False,
    these_instances: bool = False,
    margin: float = MARGIN,
    without: Sequence[str] = (),
) -> RunComparison:
    """Compare agent `a` of one run with agent `b` of another, game by game, paired by instance.

    A run is a folder or a `Run`; `a` and `b` may be left out where a run has only one agent. The result has rows with
    differences in points, 95 % intervals and p values, sentences, notes and a view for notebooks. `anyway`: compare even
    where suites, rules or constraints differ, by the names of games and instances. `these_instances`: read intervals and p
    values for these instances only (needs repetitions), not for instances of this kind. `margin`: points of clemscore within
    which two agents count as equivalent. `without`: games that are left out, also of all scores over games. Raises
    UsageError where the runs cannot be compared or the extra is missing, and StoreError.
    """
    comparison: RunComparison = load("clemsim.analysis.run_comparison").compare_runs(
        run_a, run_b, a, b, anyway=anyway, these_instances=these_instances, margin=margin, without=without
    )
    return comparison
