"""How far the episodes of an import agree with what was recorded of them, counted by game."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from clemsim.interop.clembench.driving import DrivenEpisode, differences
from clemsim.interop.clembench.recorded import LOG, MAIN, RecordedEpisode
from clemsim.interop.clembench.verify import round_differences, settled

NOTES = 200  # of a game; the most that are kept


@dataclass(slots=True)
class ImportedGame:
    """The episodes of a game that were imported, and how many of them its arena agrees with.

    `driven`: whose replies were driven through the arena; of these `agree` came to the recorded outcome and main score,
    `metrics_agree` to every other metric too, and `rounds_agree` to every recorded score of a round. `disagreements`: how
    many episodes differ in what: `outcome`, a metric, a score of rounds, or why the replies do not fit. `missing`: how many
    episodes lack a file. `scored`: episodes without recorded scores that were scored by being driven; `unscored`: those
    that stay unfinished. `rules`: how many were driven by which rule set.
    """

    episodes: int = 0
    driven: int = 0
    agree: int = 0
    metrics_agree: int = 0
    rounds_agree: int = 0
    scored: int = 0
    unscored: int = 0
    rules: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    disagreements: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)
    more_notes: int = 0  # beyond those kept

    def count(self, episode: RecordedEpisode, driven: DrivenEpisode | None) -> None:
        """Count an episode; `driven` is None where it could not be driven at all."""
        self.episodes += 1
        self.missing.update(episode.missing)
        outcome = episode.outcome
        if outcome is None:
            scored = driven is not None and driven.outcome is not None
            self.scored += scored
            self.unscored += not scored
            how = "scored by being driven" if scored else "unfinished"
            self._note(f"{episode.path}: {episode.problem}: {how}")
        elif LOG in episode.missing and episode.instance is not None:
            self._note(f"{episode.path}: {LOG} is missing: its scores are kept")
        if driven is None:
            return
        self.driven += 1
        self.rules[driven.rules or "its only ones"] += 1
        if outcome is not None:
            self._compare(episode, driven)

    def _compare(self, episode: RecordedEpisode, driven: DrivenEpisode) -> None:
        if driven.trouble:
            self._differ(driven.trouble, f"{episode.path}: {driven.problem}")
            return
        found = dict(differences(episode, driven))
        for kind, text in found.items():
            self._differ(kind, f"{episode.path}: {kind}: {text}")
        self.agree += not found.keys() & {"outcome", MAIN}
        self.metrics_agree += not found
        rounds = list(round_differences(driven.numbered, settled(driven.unsettled, episode.rounds)))
        self.rounds_agree += not rounds
        for difference in rounds:
            self._differ(difference.kind, f"{episode.path}: {difference.what}")

    def _differ(self, kind: str, text: str) -> None:
        self.disagreements[kind] += 1
        self._note(text)

    def _note(self, text: str) -> None:
        if len(self.notes) < NOTES:
            self.notes.append(text)
        else:
            self.more_notes += 1
