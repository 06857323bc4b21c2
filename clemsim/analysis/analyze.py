"""All analyses in their order: from evidence to answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from clemsim.analysis.questions.bases import by_base
from clemsim.analysis.questions.buckets import by_bucket
from clemsim.analysis.questions.cost import costs
from clemsim.analysis.questions.dynamics import dynamics
from clemsim.analysis.questions.profile import profiles
from clemsim.analysis.questions.ratings import ratings
from clemsim.analysis.questions.scores import scores
from clemsim.analysis.questions.size import TARGETS, by_size
from clemsim.analysis.questions.variants import access, grouped, quantisation
from clemsim.analysis.results import Analysis
from clemsim.analysis.sources.evidence import Evidence
from clemsim.analysis.statistics.rating import RatedGame
from clemsim.errors import UsageError

LETTERS = "abcdefghi"


def analyze(
    evidence: Evidence,
    letters: str = LETTERS,
    *,
    targets: Sequence[float] = TARGETS,
    model: str | None = None,
    games: Sequence[RatedGame] = (),
) -> list[Analysis]:
    """The scores, the analyses that are asked for by letter, and ratings where there are games to rate.

    `targets`: the scores for which a number of parameters is sought; `model`: whose profile is drawn. Raises UsageError.
    """
    questions: Mapping[str, Callable[[], Analysis]] = {
        "a": lambda: by_size(evidence, targets or TARGETS),
        "b": lambda: by_bucket(evidence),
        "c": lambda: by_base(evidence),
        "d": lambda: profiles(evidence, model),
        "e": lambda: grouped(evidence),
        "f": lambda: quantisation(evidence),
        "g": lambda: access(evidence),
        "h": lambda: costs(evidence),
        "i": lambda: dynamics(evidence),
    }
    if unknown := sorted(set(letters) - set(questions)):
        raise UsageError(f"there is no analysis {unknown[0]!r}: choose some of {LETTERS}")
    found = [scores(evidence), *(question() for letter, question in questions.items() if letter in letters)]
    return [*found, ratings(games)] if games else found
