"""Why episodes ended as they did: outcome, reason and blamed seat by agent and game, counted; reasons folded into kinds."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from clemsim.results.episode_index.episode_filter import ALL_EPISODES, NOBODY, WHOLE, EpisodeFilter
from clemsim.results.episode_index.reason_kinds import ANY, kind_of, shared_reason, variables
from clemsim.store.schema import ANSWERED

MANY = 6  # kinds of one game that begin alike up to a colon; what follows it is then left out

# Of a whole store: agent, game, outcome, status, reason, blame, count. What an answered question left unplayed is no ending.
OF_STORE = """
SELECT "cast", arena, CASE status WHEN 'done' THEN coalesce(outcome, '') ELSE '' END, status,
    coalesce(CASE WHEN status = 'done' THEN reason ELSE coalesce(nullif(detail, ''), cause) END, ''),
    CASE status WHEN 'done' THEN coalesce(blame, '') ELSE '' END, count(*)
FROM episodes WHERE cause IS NOT ? GROUP BY 1, 2, 3, 4, 5, 6
"""


@dataclass(frozen=True, slots=True)
class Ending:
    """Episodes that ended alike: `count` of those of an agent (a cast) in a game. `outcome` is empty where they have none.

    `kind`: their reason, with … for what differs between them; `reason`: the same, with what all of them share filled in.
    """

    agent: str
    arena: str
    outcome: str
    status: str
    kind: str
    reason: str
    blame: str
    count: int

    @property
    def ending(self) -> str:
        """The outcome, or the status where there is none."""
        return self.outcome or self.status

    def within(self, outer: EpisodeFilter = ALL_EPISODES) -> EpisodeFilter:
        """Return the filter that lets these episodes through, of those that `outer` does."""
        return replace(
            outer,
            cast=self.agent,
            arena=self.arena,
            outcome=self.outcome,
            status=outer.status or ("" if self.outcome else self.status),
            reason=f"{WHOLE}{self.kind}",
            blame=self.blame or NOBODY,
        )


class Counted(NamedTuple):
    """Episodes of one agent and game with the same outcome, kind of reason and blamed seat; `reason` as in `Ending`."""

    agent: str
    arena: str
    outcome: str
    status: str
    kind: str
    blame: str
    reason: str
    episodes: int


def endings_of_store(base: sqlite3.Connection) -> list[Ending]:
    """Return the endings of all episodes of a store, the most frequent first."""
    groups: dict[tuple[str, ...], list[tuple[str, int]]] = defaultdict(list)
    for agent, arena, outcome, status, reason, blame, count in base.execute(OF_STORE, (ANSWERED,)):
        groups[agent, arena, outcome, status, kind_of(reason), blame].append((reason, count))
    return endings(_counted(key, group) for key, group in groups.items())


def _counted(key: tuple[str, ...], group: Sequence[tuple[str, int]]) -> Counted:
    agent, arena, outcome, status, kind, blame = key
    alike = [len(set(found)) == 1 for found in zip(*(variables(reason) for reason, _ in group), strict=False)]
    reason = shared_reason(group[0][0], alike)
    return Counted(agent, arena, outcome, status, kind, blame, reason, sum(count for _, count in group))


def endings(counted: Iterable[Counted]) -> list[Ending]:
    """Return the endings, the most frequent first. Kinds that begin alike up to a colon are one where they are MANY."""
    rows = list(counted)
    folded = _folded_heads(rows)
    groups: dict[tuple[str, ...], list[Counted]] = defaultdict(list)
    for row in rows:
        head = _head(row.kind)
        kind = head if (row.arena, head) in folded else row.kind
        groups[row.agent, row.arena, row.outcome, row.status, kind, row.blame].append(row)
    made = [_ending(key, group) for key, group in groups.items()]
    return sorted(made, key=lambda own: (-own.count, own.agent, own.arena, own.ending, own.kind, own.blame))


def _folded_heads(rows: Iterable[Counted]) -> set[tuple[str, str]]:
    """Return the beginnings of kinds, with their game, after which so much may stand that it must be what a model said."""
    tails: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        if ": " in row.kind:
            tails[row.arena, _head(row.kind)].add(row.kind)
    return {key for key, found in tails.items() if len(found) >= MANY}


def _head(kind: str) -> str:
    return f"{kind.partition(': ')[0]}: {ANY}"


def _ending(key: tuple[str, ...], group: Sequence[Counted]) -> Ending:
    agent, arena, outcome, status, kind, blame = key
    reason = group[0].reason if len(group) == 1 else kind
    return Ending(agent, arena, outcome, status, kind, reason, blame, sum(row.episodes for row in group))
