"""Checks whether a run that is resumed would still be the same run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from clemsim.arena import Arena
from clemsim.errors import UsageError
from clemsim.runs.prepare import PreparedRun
from clemsim.runtime.agent import Agent
from clemsim.store.description import ArenaDescription, RunDescription, without_none
from clemsim.store.reader import EpisodeRow

# Fields that may differ: a server that was updated or found its slots anew still serves the same model, at whatever price.
IGNORED = {"server", "features", "build", "slots", "context", "price"}


def check_same(description: RunDescription, prepared: PreparedRun, rows: Iterable[EpisodeRow]) -> None:
    """Raise UsageError naming the first difference in suite, rules, prompts, word lists or instances."""
    _check_equal("the seed of the suite", description.suite.seed, prepared.suite.seed)
    for name, arena in prepared.arenas.items():
        before = description.arenas.get(name, ArenaDescription())
        _check_equal(f"the version of {name}", before.version, arena.rules_version)
        _check_equal(f"the digest of {name}'s prompts and word lists", before.files, arena.digest)
    episodes = {episode.key: episode for episode in prepared.episodes}
    for row in rows:
        episode = episodes.get(row.key)
        if episode is None:
            raise UsageError(f"{row.key.label} of {row.key.cast} is no longer in suite {prepared.suite.name}")
        _check_equal(f"the version of {row.key.arena}", row.version, row.of(prepared.arenas).rules_version)
        for field, value in episode.instance.model_dump(mode="json").items():
            _check_equal(f"{field!r} of instance {row.key.label}", row.data.get(field), value)


def check_rules(arenas: Mapping[str, Arena[Any]], rows: Iterable[EpisodeRow]) -> None:
    """Raise UsageError where an episode was played by other rules than those of today's arena: its scores are by those."""
    for row in rows:
        if row.version != (now := row.of(arenas).rules_version):
            by = f"{row.key.arena} was played by version {row.version!r} of its rules, which is {now!r} now"
            raise UsageError(f"{by}: the scores of this run stay as they are")


def check_agents(description: RunDescription, agents: Iterable[Agent]) -> None:
    """Raise UsageError naming the first difference in what an agent, now open, says of itself."""
    for agent in agents:
        before, now = description.agents.get(agent.name, {}), without_none(agent.describe())
        for field in dict.fromkeys([*before, *now]):
            if field not in IGNORED:
                _check_equal(f"{field!r} of agent {agent.name}", before.get(field), now.get(field))


def _check_equal(what: str, before: object, now: object) -> None:
    if before != now:
        raise UsageError(f"this would not be the same run: {what} was {before!r} and is {now!r}; begin a new one")
