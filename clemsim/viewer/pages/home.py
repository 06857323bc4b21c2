"""The first page: all runs, studies and stress reports of the folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clemsim.html.sorting import Head, SortColumn, sort_heads
from clemsim.viewer.library import Entry, Kind, RunCard
from clemsim.viewer.site import Site

SHOWN_AGENTS = 4
NEWEST = "-begun"
SORTS: Mapping[str, Callable[[RunCard], Any]] = {  # what has no value comes last
    "name": lambda card: card.name,
    "state": lambda card: card.state,
    "suite": lambda card: card.suite,
    "episodes": lambda card: card.episodes,
    "score": lambda card: card.best,
    "cost": lambda card: card.cost,
    "begun": lambda card: card.begun or None,
}
COLUMNS = {
    "name": SortColumn("run"),
    "state": SortColumn("state"),
    "suite": SortColumn("suite"),
    "episodes": SortColumn("episodes", numeric=True, greatest_first=True),
    "score": SortColumn("agents and clemscore", greatest_first=True),
    "cost": SortColumn("cost", numeric=True, greatest_first=True),
    "begun": SortColumn("begun", greatest_first=True),
}


@dataclass(frozen=True, slots=True)
class StudyLine:
    """A study, and how many runs it has."""

    entry: Entry
    runs: int


def home(site: Site, words: str = "", sort: str = NEWEST) -> str:
    """Return the page. `words`: only what has all of them in its name, suite or agents; without any, runs of studies are
    left out, to which their study leads. `sort`: one of SORTS, after a minus sign in descending order.
    """
    entries = site.library.entries()
    wanted = words.lower().split()
    sort = sort if sort.removeprefix("-") in SORTS else NEWEST
    studies = [entry for entry in entries if entry.kind is Kind.study]
    runs = [entry for entry in entries if entry.kind is Kind.run]
    members = {study: [run for run in runs if run.folder.is_relative_to(study.folder)] for study in studies}
    inner = {run for own in members.values() for run in own}
    cards = [site.library.card(run) for run in runs if wanted or run not in inner]
    return site.page(
        "home.html",
        "Runs",
        cards=_sorted([card for card in cards if _has(card, wanted)], sort),
        studies=[StudyLine(study, len(own)) for study, own in members.items() if _named(study, wanted)],
        stress=[entry for entry in entries if entry.kind is Kind.stress and _named(entry, wanted)],
        words=words,
        sort=sort,
        heads=_heads(site, words, sort),
        places=[str(_short(place)) for place in site.library.places],
        shown_agents=SHOWN_AGENTS,
    )


def _heads(site: Site, words: str, sort: str) -> list[Head]:
    def address(name: str, *, descending: bool) -> str:
        query = {"q": words, "sort": f"{'-' if descending else ''}{name}"}
        return "" if site.inline else site.links.runs({key: value for key, value in query.items() if value})

    return sort_heads(COLUMNS, sort.removeprefix("-"), descending=sort.startswith("-"), address=address)


def _sorted(cards: Sequence[RunCard], sort: str) -> list[RunCard]:
    key = SORTS[sort.removeprefix("-")]
    having = [card for card in cards if key(card) is not None]
    return [*sorted(having, key=key, reverse=sort.startswith("-")), *(card for card in cards if key(card) is None)]


def _has(card: RunCard, wanted: Sequence[str]) -> bool:
    text = " ".join((card.entry.slug, card.suite, card.state, *card.agents)).lower()
    return all(word in text for word in wanted)


def _named(entry: Entry, wanted: Sequence[str]) -> bool:
    return all(word in entry.slug.lower() for word in wanted)


def _short(place: Path) -> Path:
    home = Path.home()
    return Path("~") / place.relative_to(home) if place.is_relative_to(home) else place
