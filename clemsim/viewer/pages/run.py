"""The page of a run: scores with their intervals, how episodes ended, load over time, and the configuration."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from clemsim.html.forest import Estimate, Forest, forest
from clemsim.results.run_summary import RunSummary, summarize_run
from clemsim.store.folder import read_description
from clemsim.viewer.library import Entry, Kind, RunCard, State, read_summary
from clemsim.viewer.site import Site


def run_page(site: Site, slug: str) -> str:
    """Return the page of a run. Raises UsageError and StoreError."""
    entry = site.library.find(slug, Kind.run)
    card = site.library.card(entry)
    live = site.links.run_changes(slug) if card.state is State.live and not site.inline else ""
    context = run_context(entry, card)
    return site.page("run.html", slug, site.run_crumbs(slug), live, card=card, **context)


def run_context(entry: Entry, card: RunCard) -> dict[str, Any]:
    """Return what the page shows beside the frame: the summary, its figure, and the configuration by dotted key."""
    summary = card.summary or _summary(entry, card)
    description = read_description(entry.folder).model_dump(mode="json", exclude_none=True)
    agents = {name: dict(_flat(about)) for name, about in description.get("agents", {}).items()}
    return {
        "summary": summary,
        "figure": scores_figure(summary) if summary else None,
        "config": dict(_flat(description.get("config", {}))),
        "agents": agents,
        "agent_keys": list(dict.fromkeys(key for about in agents.values() for key in about)),
    }


def scores_figure(summary: RunSummary) -> Forest:
    """Return clemscore, %Played and Quality of each agent with their intervals, side by side."""
    names = {"clemscore": "clemscore", "played": "%Played", "quality": "Quality"}
    panels = {
        title: [Estimate(agent, getattr(scores, name), getattr(scores.ci, name)) for agent, scores in summary.agents.items()]
        for name, title in names.items()
    }
    return forest(panels)


def _summary(entry: Entry, card: RunCard) -> RunSummary | None:
    """Return the summary of a run that has none of its own: of what has ended so far."""
    if card.state is State.unreadable or not (card.counts or {}).get("done"):
        return None
    return read_summary(entry.folder) or summarize_run(entry.folder)


def _flat(values: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", ", ".join(map(str, value)) if isinstance(value, list) else str(value)
