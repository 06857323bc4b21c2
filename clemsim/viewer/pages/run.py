"""The page of a run: scores with their intervals, why episodes ended as they did, load over time, and the configuration."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from clemsim.html.curves import Curves
from clemsim.html.forest import Estimate, Forest, forest
from clemsim.results.run_summary import RunSummary
from clemsim.results.summary import ScoreSummary
from clemsim.store import reader
from clemsim.store.description import flat_settings
from clemsim.store.folder import STORE, read_description
from clemsim.viewer.library import Entry, Kind, RunCard, State, stamp_of
from clemsim.viewer.pages.run_endings import EndingTable, ending_table
from clemsim.viewer.pages.run_load import load_figure, run_remarks, run_tables, throughput_facts
from clemsim.viewer.pages.summaries import summary_of
from clemsim.viewer.site import Site

MOST_AGENTS = 6  # whose games are shown in the same table


def run_page(site: Site, slug: str) -> str:
    """Return the page of a run. Raises UsageError and StoreError."""
    entry = site.library.find(slug, Kind.run)
    card = site.library.card(entry)
    live = site.links.run_changes(slug) if card.state is State.live and not site.inline else ""
    context = run_context(site, entry, card)
    return site.page("run.html", slug, site.run_crumbs(slug), live, card=card, **context)


def run_context(site: Site, entry: Entry, card: RunCard) -> dict[str, Any]:
    """Return what the page shows beside the frame: the summary and what is made of it, endings, load, and the configuration
    by dotted key.
    """
    readable = card.state is not State.unreadable
    summary = summary_of(site, card)
    ranked = _ranked(summary) if summary else []
    description = read_description(entry.folder).model_dump(mode="json", exclude_none=True) if readable else {}
    agents = {name: flat_settings(about) for name, about in description.get("agents", {}).items()}
    return {
        "summary": summary,
        "figure": scores_figure(site, entry.slug, ranked) if summary else None,
        "ranked": ranked,
        "by_game": len(ranked) <= MOST_AGENTS,
        "tables": run_tables(summary) if summary else [],
        "remarks": run_remarks(summary) if summary else [],
        "facts": throughput_facts(summary) if summary else [],
        "endings": _endings(site, entry) if readable else None,
        "load": _load(site, entry) if readable else None,
        "config": flat_settings(description.get("config", {})),
        "agents": agents,
        "agent_keys": list(dict.fromkeys(key for about in agents.values() for key in about)),
    }


def scores_figure(site: Site, slug: str, ranked: Sequence[tuple[str, ScoreSummary]]) -> Forest:
    """Return clemscore, %Played and Quality of each agent with their intervals, side by side; rows lead to episodes."""
    names = {"clemscore": "clemscore", "played": "%Played", "quality": "Quality"}
    addresses = {agent: site.links.episodes(slug, {"agent": agent}) for agent, _ in ranked}
    panels = {
        title: [
            Estimate(agent, getattr(scores, name), getattr(scores.ci, name), addresses[agent]) for agent, scores in ranked
        ]
        for name, title in names.items()
    }
    return forest(panels)


def _ranked(summary: RunSummary) -> list[tuple[str, ScoreSummary]]:
    """Return the agents with their scores as the run has them; many of them by their clemscore, the highest first."""
    agents = list(summary.agents.items())
    if len(agents) <= MOST_AGENTS:
        return agents
    return sorted(agents, key=lambda pair: -1.0 if pair[1].clemscore is None else pair[1].clemscore, reverse=True)


def _endings(site: Site, entry: Entry) -> EndingTable:
    """Return why episodes ended as they did; as it was, where nothing was written since."""
    indexed = site.indexes.of(entry.folder)
    stamp = (stamp_of(entry.folder), indexed.complete, site.links)
    make = lambda: ending_table(site, entry.slug, indexed.index.endings())  # noqa: E731
    return site.cache.of(("endings", entry.folder), stamp, make)


def _load(site: Site, entry: Entry) -> Curves | None:
    def make() -> Curves | None:
        with reader.reading(entry.folder / STORE) as base:
            return load_figure(base)

    return site.cache.of(("load", entry.folder), stamp_of(entry.folder), make)
