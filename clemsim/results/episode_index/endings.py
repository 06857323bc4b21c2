"""Why episodes ended as they did: outcome, reason and blamed seat by agent and game, counted; reasons folded into kinds."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from clemsim.results.episode_index.episode_filter import ALL_EPISODES, NOBODY, WHOLE, EpisodeFilter
from clemsim.results.episode_index.reason_kinds import ANY, kind_of, shared_reason
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
    """Episodes of one agent and game with the same outcome, reason and blamed seat."""

    agent: str
    arena: str
    outcome: str
    status: str
    reason: str
    blame: str
    episodes: int


def endings_of_store(base: sqlite3.Connection) -> list[Ending]:
    """Return the endings of all episodes of a store, the most frequent first."""
    return endings(Counted(*row) for row in base.execute(OF_STORE, (ANSWERED,)))


def endings(counted: Iterable[Counted]) -> list[Ending]:
    """Return the endings, the most frequent first."""
    by_kind: dict[tuple[str, ...], list[Counted]] = defaultdict(list)
    rows = list(counted)
    folded = _folded_heads(rows)
    for row in rows:
        kind = kind_of(row.reason)
        head = f"{kind.partition(': ')[0]}: {ANY}"
        kind = head if (row.arena, head) in folded else kind
        by_kind[row.agent, row.arena, row.outcome, row.status, kind, row.blame].append(row)
    made = [_ending(key, group) for key, group in by_kind.items()]
    return sorted(made, key=lambda own: (-own.count, own.agent, own.arena, own.ending, own.kind, own.blame))


def _folded_heads(rows: Iterable[Counted]) -> set[tuple[str, str]]:
    """Return the beginnings of kinds, with their game, after which so much may stand that it must be what a model said."""
    tails: dict[tuple[str, str], set[str]] = defaultdict(set)
    for row in rows:
        head, colon, tail = kind_of(row.reason).partition(": ")
        if colon:
            tails[row.arena, f"{head}: {ANY}"].add(tail)
    return {key for key, found in tails.items() if len(found) >= MANY}


def _ending(key: tuple[str, ...], group: Sequence[Counted]) -> Ending:
    agent, arena, outcome, status, kind, blame = key
    reasons = {row.reason for row in group}
    reason = shared_reason(reasons) if kind_of(group[0].reason) == kind else kind
    return Ending(agent, arena, outcome, status, kind, reason, blame, sum(row.episodes for row in group))
