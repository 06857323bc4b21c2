"""From evidence to the answers of the chosen analyses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from clemsim.analysis.kinds import DEFAULTS, KINDS, AnalysisKind, AnalysisOptions
from clemsim.analysis.questions.noise import noise
from clemsim.analysis.questions.ratings import ratings
from clemsim.analysis.questions.scores import scores
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.rating import RatedGame


def analyze(
    evidence: Evidence,
    kinds: Sequence[AnalysisKind] = KINDS,
    options: AnalysisOptions = DEFAULTS,
    games: Sequence[RatedGame] = (),
) -> list[Analysis]:
    """Return the scores of all models, their run-to-run noise where instances were repeated, the analyses of `kinds`, and
    ratings where there are `games` to rate.

    Raises UsageError for an option that is wrong, and for games that cannot be rated.
    """
    repeated = noise(evidence)
    analyses = [
        scores(evidence).with_key("scores"),
        *([repeated.with_key("noise")] if repeated else []),
        *(kind.run(evidence, options) for kind in kinds),
    ]
    if games:
        analyses.append(ratings(games).with_key("ratings"))
    return [_without_empty_tables(analysis) for analysis in analyses]


def _without_empty_tables(analysis: Analysis) -> Analysis:
    return replace(analysis, tables=[table for table in analysis.tables if len(table.frame)])
