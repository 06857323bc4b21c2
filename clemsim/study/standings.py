"""The standings of the models of a study that was played or imported: one row for each, sorted by any column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from clemsim.errors import UsageError
from clemsim.results.run_summary import RunSummary
from clemsim.results.summary import ArenaSummary, ScoreSummary


@dataclass(frozen=True, slots=True)
class Standing:
    """A model: how much it played, and its scores in points (0..100); None: there is none."""

    model: str
    games: int
    episodes: int
    unfinished: int
    played: float | None
    quality: float | None
    clemscore: float | None
    worth: float | None


SORTS = tuple(own.name for own in fields(Standing))


def standings(
    summaries: Mapping[str, RunSummary], *, agent: str = "", arena: str = "", sort: str = "", descending: bool | None = None
) -> list[Standing]:
    """Return the models of a study by the summaries of their runs, the highest clemscore first unless `sort` names another
    column; those without a value of it come last. `agent`: only that model, or that agent of a run; `arena`: scores in that
    game alone. Raises UsageError, which names the choices.
    """
    if sort and sort not in SORTS:
        raise UsageError(f"--sort {sort!r}: a study has no such column; choose from {', '.join(SORTS)}")
    chosen = {model: found for model, summary in summaries.items() if (found := _chosen(model, summary, agent))}
    if agent and not chosen:
        raise UsageError(f"no model or agent is called {agent!r}: choose from {', '.join(_names(summaries))}")
    games = list(dict.fromkeys(game for found in chosen.values() for game in found.arenas))
    if arena and arena not in games:
        raise UsageError(f"no game is called {arena!r}: choose from {', '.join(games)}")
    rows = [_row(model, found, arena) for model, found in chosen.items() if not arena or arena in found.arenas]
    key = sort or "clemscore"
    down = key != "model" if descending is None else descending
    there = [row for row in rows if getattr(row, key) is not None]
    return sorted(there, key=lambda row: getattr(row, key), reverse=down) + [row for row in rows if row not in there]


def _chosen(model: str, summary: RunSummary, agent: str) -> ScoreSummary | None:
    return summary if agent in ("", model) else summary.agents.get(agent)


def _names(summaries: Mapping[str, RunSummary]) -> list[str]:
    return list(dict.fromkeys([*summaries, *(name for summary in summaries.values() for name in summary.agents)]))


def _row(model: str, found: ScoreSummary, arena: str) -> Standing:
    if arena:
        own = found.arenas[arena]
        return Standing(model, 1, own.episodes, own.unfinished, own.played, own.quality, _clemscore(own), own.worth)
    scores = found.played, found.quality, found.clemscore, found.worth
    return Standing(model, len(found.arenas), found.episodes, found.unfinished, *scores)


def _clemscore(row: ArenaSummary) -> float | None:
    if row.played is None or row.quality is None:
        return None
    return round(row.played * row.quality / 100, 2)
