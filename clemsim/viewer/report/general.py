"""The pages of a report that are not of one episode: those that there are, and those that their links lead to."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from html import unescape
from itertools import combinations
from urllib.parse import parse_qsl

from clemsim.viewer.library import Entry, Kind
from clemsim.viewer.links import Links, Query
from clemsim.viewer.pages.compare import CompareChoice, compare_page
from clemsim.viewer.pages.home import home
from clemsim.viewer.pages.pairs import casts_of
from clemsim.viewer.pages.run import run_page
from clemsim.viewer.pages.stress import stress_page
from clemsim.viewer.pages.study import study_page
from clemsim.viewer.site import Site

ROOT = "#/"
LINK = re.compile(r'href="#/((?:compare|study/)[^"#]*)[^"]*"')
MOST_PAGES = 600  # of those that links lead to: a comparison has one for each pair of episodes
MOST_COMPARED = 40  # pairs of agents that can be chosen; others only where a link leads to them


class ReportLinks(Links):
    """Addresses within a report, in which a pair of episodes has one page, not one for each list that it stands in."""

    def compare(self, query: Query) -> str:
        """Two agents, or two runs, side by side."""
        kept = {name: value for name, value in query.items() if not query.get("pair") or name not in ("game", "side")}
        return super().compare(kept)


def general_pages(site: Site, entries: Sequence[Entry]) -> Iterator[tuple[str, str]]:
    """Yield each page after its key, `key_of` its address."""
    slugs = {site.links.run(entry.slug).removeprefix(ROOT): entry for entry in entries}
    slugs |= {site.links.study(entry.slug).removeprefix(ROOT): entry for entry in entries}
    slugs |= {site.links.stress(entry.slug).removeprefix(ROOT): entry for entry in entries}
    waiting = deque([site.links.home, *_addresses(site, entries), *_comparisons(site, entries)])
    met = set[str]()
    while waiting and len(met) < MOST_PAGES + len(entries):
        path, _, query = waiting.popleft().removeprefix(ROOT).partition("?")
        values = dict(parse_qsl(query))
        key = key_of(path, values)
        if key in met:
            continue
        met.add(key)
        text = _page(site, path, slugs.get(path), values)
        waiting.extend(f"{ROOT}{unescape(found)}" for found in LINK.findall(text))
        yield key, text


def key_of(path: str, query: Mapping[str, str]) -> str:
    """Return the name of a page in the report: its address, whatever the order of the query."""
    return "\n".join([path, *sorted(f"{name}={value}" for name, value in query.items() if value)])


def _addresses(site: Site, entries: Sequence[Entry]) -> Iterator[str]:
    at = {Kind.run: site.links.run, Kind.study: site.links.study, Kind.stress: site.links.stress}
    return (at[entry.kind](entry.slug) for entry in entries)


def _comparisons(site: Site, entries: Sequence[Entry]) -> Iterator[str]:
    """Yield what the form of the page can ask for: every run, and pairs of agents."""
    runs = [entry for entry in entries if entry.kind is Kind.run]
    players = [(entry.slug, cast) for entry in runs for cast in casts_of(entry.folder)]
    if len(players) < 2:
        return
    yield site.links.compare({})
    yield from (site.links.compare({"a": entry.slug}) for entry in runs)
    for _, ((a, agent_a), (b, agent_b)) in zip(range(MOST_COMPARED), combinations(players, 2), strict=False):
        yield site.links.compare({"a": a, "b": b, "agent_a": agent_a, "agent_b": agent_b})


def _page(site: Site, path: str, entry: Entry | None, query: Mapping[str, str]) -> str:
    if path == "compare":
        return compare_page(site, CompareChoice.of(query))
    if entry is None:
        return home(site)
    match entry.kind:
        case Kind.run:
            return run_page(site, entry.slug)
        case Kind.study:
            return study_page(site, entry.slug, query.get("score", "worth"), query.get("against", ""))
        case Kind.stress:
            return stress_page(site, entry.slug)
