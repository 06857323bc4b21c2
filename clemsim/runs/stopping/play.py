"""Plays a run until its stopping rule is answered, and records the answer."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from clemsim.errors import UsageError
from clemsim.game.instances import EpisodeKey
from clemsim.runs.prepare import PreparedRun
from clemsim.runs.stopping.rule import StoppingRule
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runtime.episode import Episode
from clemsim.runtime.limits import Limits
from clemsim.runtime.observer import Broadcast, Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.folder import STORE
from clemsim.store.reader import EpisodeRow
from clemsim.store.schema import ANSWERED, QUESTION
from clemsim.store.writer import RunStore


class StoppingScheduler(Scheduler):
    """Plays until a stopping rule is answered, and records the answer."""

    def __init__(
        self,
        observer: Observer,
        store: RunStore,
        rule: StoppingRule,
        width: int | None,
        limits: Limits | None,
        *,
        most: int = sys.maxsize,
    ) -> None:
        super().__init__(Broadcast(observer, rule), width, limits, in_order=True, most=most)
        self._store = store
        self._rule = rule
        rule.when_answered = self.finish

    async def play(self, episodes: Sequence[Episode]) -> None:
        """Play as many episodes as it takes."""
        try:
            await super().play(self._rule.sorted(episodes))
        finally:
            _record_answer(self._store, self._rule, self.take_waiting())


def make_rule(prepared: PreparedRun, workers: WorkerOptions | None, rows: Iterable[EpisodeRow] = ()) -> StoppingRule | None:
    """Return the stopping rule of a run, told of the episodes in `rows` that have ended; None: the run has none.

    Raises UsageError.
    """
    config = prepared.config
    if config.stop_when is None:
        return None
    if workers:
        raise UsageError(
            "--stop-when looks at episodes in their order, which workers do not keep: leave out --workers and --ray"
        )
    met = {(episode.key.cast, episode.key.arena) for episode in prepared.episodes}
    if len(met) < len(prepared.casts) * len(prepared.arenas):
        raise UsageError(
            "--stop-when looks at all games of each cast, and games with different seats have casts of their own here: play"
            " them in runs of their own, with --arena"
        )
    rule = StoppingRule(config.stop_when, prepared.episodes, config.seed)
    for row in rows:
        if row.outcome is not None:
            rule.take(row.key, row.outcome)
    return rule


def set_aside_unbegun(folder: Path, rule: StoppingRule, episodes: Sequence[Episode]) -> list[Episode]:
    """Return the episodes that have begun, and record that the answered rule leaves the others unplayed."""
    with RunStore(folder / STORE, create=False) as store:
        _record_answer(store, rule, [episode.key for episode in episodes if not episode.events])
    return [episode for episode in episodes if episode.events]


def _record_answer(store: RunStore, rule: StoppingRule, unplayed: Iterable[EpisodeKey]) -> None:
    """Record how the rule stands; where it is answered, that it leaves the unplayed episodes unfinished."""
    result = rule.describe()
    store.meta(QUESTION, result.model_dump(mode="json"))
    if result.answer:
        for key in unplayed:
            store.unfinished(key, ANSWERED, result.text)
