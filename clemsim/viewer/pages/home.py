"""The first page: all runs, studies and stress reports of the folders."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clemsim.viewer.library import Entry, Kind, RunCard
from clemsim.viewer.site import Site

SHOWN_AGENTS = 4
SORTS: dict[str, Callable[[RunCard], Any]] = {
    "name": lambda card: card.entry.slug,
    "begun": lambda card: card.begun,
    "suite": lambda card: card.suite,
    "state": lambda card: card.state,
    "episodes": lambda card: card.episodes,
    "score": lambda card: (
        max((own.clemscore or 0.0 for own in card.summary.agents.values()), default=0.0) if card.summary else -1.0
    ),
    "cost": lambda card: cost(card) or 0.0,
}


@dataclass(frozen=True, slots=True)
class Others:
    """What is no run: studies and reports of stress tests, with the folders that they lie in."""

    studies: Sequence[Entry]
    stress: Sequence[Entry]


def home(site: Site, words: str = "", sort: str = "begun") -> str:
    """Return the page. `words`: only what has all of them in its name, suite or agents; `sort`: one of SORTS."""
    entries = site.library.entries()
    wanted = words.lower().split()
    cards = [card for entry in entries if entry.kind is Kind.run if _has(card := site.library.card(entry), wanted)]
    cards.sort(key=SORTS.get(sort, SORTS["begun"]), reverse=sort not in ("name", "suite", "state"))
    others = Others(
        [entry for entry in entries if entry.kind is Kind.study and _named(entry, wanted)],
        [entry for entry in entries if entry.kind is Kind.stress and _named(entry, wanted)],
    )
    return site.page(
        "home.html",
        "Runs",
        cards=cards,
        others=others,
        words=words,
        sort=sort if sort in SORTS else "begun",
        sorts=list(SORTS),
        places=[str(_short(place)) for place in site.library.places],
        shown_agents=SHOWN_AGENTS,
        cost=cost,
    )


def cost(card: RunCard) -> float | None:
    """Return what a run cost, in the currency of its prices; None where no agent has one."""
    costs = card.summary.costs if card.summary else None
    return sum(own.total for own in costs.values()) if costs else None


def _has(card: RunCard, wanted: Sequence[str]) -> bool:
    text = " ".join((card.entry.slug, card.suite, card.state, *card.agents)).lower()
    return all(word in text for word in wanted)


def _named(entry: Entry, wanted: Sequence[str]) -> bool:
    return all(word in entry.slug.lower() for word in wanted)


def _short(place: Path) -> Path:
    home = Path.home()
    return Path("~") / place.relative_to(home) if place.is_relative_to(home) else place
