"""Why the episodes of a run ended as they did: outcome, game, reason and seat, counted for each agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from clemsim.results.episode_index.endings import Ending
from clemsim.viewer.site import Site

ORDER = ("aborted", "failure", "unfinished", "playing", "waiting", "success")
HEADINGS = {
    "aborted": "Aborted",
    "failure": "Lost",
    "unfinished": "Unfinished",
    "playing": "Being played",
    "waiting": "Not begun",
    "success": "Won",
}
SHOWN = 12  # endings of one outcome; the others are folded
MOST_AGENTS = 6  # with a column each
NO_REASON = "without a reason"


@dataclass(frozen=True, slots=True)
class Count:
    """A number of episodes, and the address of their list; empty where there are none."""

    episodes: int
    address: str = ""


@dataclass(frozen=True, slots=True)
class EndingRow:
    """Episodes of one game that ended alike, of all agents and of each that has a column."""

    arena: str
    reason: str
    blame: str
    whole: Count
    by_agent: Sequence[Count]


@dataclass(frozen=True, slots=True)
class EndingGroup:
    """Episodes with one outcome: the most frequent endings, and the others."""

    ending: str
    heading: str
    whole: Count
    shown: Sequence[EndingRow]
    folded: Sequence[EndingRow]


@dataclass(frozen=True, slots=True)
class EndingTable:
    """All endings of a run. `agents`: those with a column, none where there is one alone, or too many."""

    agents: Sequence[str]
    groups: Sequence[EndingGroup]


def ending_table(site: Site, slug: str, endings: Sequence[Ending]) -> EndingTable:
    """Return the endings of a run by outcome, those that ask for an explanation first."""
    agents = sorted({ending.agent for ending in endings})
    columns = agents if 1 < len(agents) <= MOST_AGENTS else []
    groups = []
    for kind in ORDER:
        own = [ending for ending in endings if ending.ending == kind]
        if own:
            rows = _rows(site, slug, own, columns)
            query = {"outcome" if own[0].outcome else "status": kind}
            whole = Count(sum(row.whole.episodes for row in rows), site.links.episodes(slug, query))
            groups.append(EndingGroup(kind, HEADINGS[kind], whole, rows[:SHOWN], rows[SHOWN:]))
    return EndingTable(columns, groups)


def _rows(site: Site, slug: str, endings: Sequence[Ending], agents: Sequence[str]) -> list[EndingRow]:
    """Return the endings over all agents, the most frequent first."""
    alike: dict[tuple[str, str, str], list[Ending]] = {}
    for ending in endings:
        alike.setdefault((ending.arena, ending.kind, ending.blame), []).append(ending)
    rows = []
    for (arena, kind, blame), own in alike.items():
        reasons = {ending.reason for ending in own}
        reason = reasons.pop() if len(reasons) == 1 else kind
        count = sum(ending.count for ending in own)
        whole = Count(count, site.links.episodes(slug, replace(own[0].within(), cast="").to_query()))
        rows.append(
            EndingRow(arena, reason or NO_REASON, blame, whole, [_count(site, slug, own, agent) for agent in agents])
        )
    return sorted(rows, key=lambda row: -row.whole.episodes)


def _count(site: Site, slug: str, endings: Sequence[Ending], agent: str) -> Count:
    own = [ending for ending in endings if ending.agent == agent]
    if not own:
        return Count(0)
    return Count(sum(ending.count for ending in own), site.links.episodes(slug, own[0].within().to_query()))
