"""The episodes of a run: a table that is filtered, sorted and paged, with the filter in the address."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from clemsim.errors import UsageError
from clemsim.html import numbers
from clemsim.html.frame import Crumb
from clemsim.html.sorting import Head, SortColumn, sort_heads
from clemsim.results.episode_index.endings import Ending
from clemsim.results.episode_index.episode_facts import FLAGS
from clemsim.results.episode_index.episode_filter import ALL_EPISODES, NOBODY, RANGES, WHOLE, EpisodeFilter
from clemsim.results.episode_index.index import EpisodeIndex
from clemsim.viewer.library import Kind, stamp_of
from clemsim.viewer.links import Query
from clemsim.viewer.site import Site

PAGE = 50  # episodes on one page
MOST_CHOICES = 500  # of one list
MOST_REASONS = 60
MOST_COUNTED = 5000  # episodes of a run; in a larger one, what a search finds is not counted for each choice
SELECTS = {  # columns that a list of choices filters, by their label
    "agent": "Agent",
    "arena": "Game",
    "experiment": "Experiment",
    "outcome": "Outcome",
    "status": "Status",
    "blame": "Seat to blame",
    "flag": "What happened",
}
COLUMNS = {  # by what sorts
    "id": SortColumn("#", numeric=True),
    "arena": SortColumn("episode"),
    "agent": SortColumn("agent"),
    "outcome": SortColumn("outcome"),
    "score": SortColumn("score", numeric=True, greatest_first=True),
    "reason": SortColumn("reason"),
    "blame": SortColumn("blamed"),
    "turns": SortColumn("turns", numeric=True, greatest_first=True),
    "tokens": SortColumn("tokens", numeric=True, greatest_first=True),
    "seconds": SortColumn("time", numeric=True, greatest_first=True),
    "flags": SortColumn("flags", greatest_first=True),
}
LABELS = {**SELECTS, "cast": "Agents in their seats", "instance": "Instance", "text": "Said", "reason": "Reason"}
LABELS |= {name: name.capitalize() for name in RANGES} | {"seconds": "Seconds"}
WITHIN = {"dialogue": "by anybody", "said": "by players", "thoughts": "in thoughts"}


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition of the filter, and the address of the page without it."""

    label: str
    value: str
    address: str


@dataclass(frozen=True, slots=True)
class Choices:
    """A list to choose from: values with their text; `chosen` is one of them, or empty."""

    name: str
    label: str
    values: Sequence[tuple[str, str]]
    chosen: str


def query_of(values: Mapping[str, str], many: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the query of an address, in which the values of a name that comes `many` times are joined by commas."""
    return {name: ",".join(many.get(name, (value,))) for name, value in values.items()}


def episodes_page(site: Site, slug: str, query: Query) -> str:
    """Return the page. `query`: the filter, and the number of the page from 1 on. Raises UsageError and StoreError."""
    entry = site.library.find(slug, Kind.run)
    indexed = site.indexes.of(entry.folder)
    index = indexed.index
    filter_, problem = _read(query)
    stamp = stamp_of(entry.folder), indexed.complete, indexed.texting
    count = site.cache.of(("count", entry.folder, unsorted(filter_)), stamp, lambda: index.count(filter_))
    total = index.count()
    counted = total <= MOST_COUNTED or not filter_.text
    pages = max(1, ceil(count / PAGE))
    page = min(pages, max(1, _number(query.get("page", ""))))
    kept = filter_.to_query()

    def at(number: int) -> str:
        return site.links.episodes(slug, {**kept, **({"page": str(number)} if number > 1 else {})})

    return site.page(
        "episodes.html",
        "Episodes",
        site.run_crumbs(slug, Crumb("Episodes")),
        slug=slug,
        filter=filter_,
        query=kept,
        problem=problem,
        count=count,
        total=total,
        indexed=indexed,
        rows=index.page(filter_, (page - 1) * PAGE, PAGE),
        first=(page - 1) * PAGE + 1,
        before=at(page - 1) if page > 1 else "",
        after=at(page + 1) if page < pages else "",
        heads=_heads(site, slug, filter_),
        chips=_chips(site, slug, filter_),
        choices=site.choices_cache.of(
            ("choices", entry.folder, unsorted(filter_)),
            stamp,
            lambda: _choices(index, filter_, counted=counted),
        ),
        ranges=[(name, LABELS[name], getattr(filter_, name)) for name in RANGES],
        within=WITHIN,
        flag_words=FLAGS,
    )


def unsorted(filter_: EpisodeFilter) -> EpisodeFilter:
    """Return what the filter lets through, in no order of its own."""
    return replace(filter_, sort="id", descending=False)


def _read(query: Query) -> tuple[EpisodeFilter, str]:
    """Return the filter in an address, and what is wrong with it: then all episodes are shown."""
    try:
        return EpisodeFilter.from_query(query), ""
    except UsageError as error:
        return ALL_EPISODES, str(error)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 1


def _heads(site: Site, slug: str, filter_: EpisodeFilter) -> list[Head]:
    def address(sort: str, *, descending: bool) -> str:
        return site.links.episodes(slug, replace(filter_, sort=sort, descending=descending).to_query())

    return sort_heads(COLUMNS, filter_.sort, descending=filter_.descending, address=address)


def _chips(site: Site, slug: str, filter_: EpisodeFilter) -> list[Chip]:
    """Return the conditions of a filter, each with the way to be rid of it."""
    query = filter_.to_query()
    chips = []
    for name, value in query.items():
        if name in ("sort", "in"):
            continue
        others = {key: own for key, own in query.items() if key != name and (key != "in" or name != "text")}
        text = value.removeprefix(WHOLE) or "none" if name == "reason" else value
        text = "nobody" if name == "blame" and value == NOBODY else text
        text = f"{text} ({WITHIN[filter_.text_in]})" if name == "text" else text
        chips.append(Chip(LABELS.get(name, name), text, site.links.episodes(slug, others)))
    return chips


def _choices(index: EpisodeIndex, filter_: EpisodeFilter, *, counted: bool) -> list[Choices]:
    """Return the lists of the form; each counts what the rest of the filter lets through. Where not `counted`, they have
    what there is but for the search, without numbers.
    """
    made = []
    filter_ = filter_ if counted else replace(filter_, text="")
    for name, label in SELECTS.items():
        own = "flags" if name == "flag" else name
        without: dict[str, object] = {own: () if name == "flag" else ""}
        counts = index.choices(name, replace(filter_, **without))  # type: ignore[arg-type]
        chosen = ",".join(filter_.flags) if name == "flag" else getattr(filter_, name)
        values = [(value, _labelled(value, count, counted)) for value, count in list(counts.items())[:MOST_CHOICES]]
        if name == "status" and len(values) < 2 and not chosen:  # all have ended
            continue
        if chosen and chosen not in counts:
            values.append((chosen, "nobody" if chosen == NOBODY else chosen))
        made.append(Choices(name, label, values, chosen))
    made.append(_reasons(index.endings(replace(filter_, reason="")), filter_.reason, counted))
    return made


def _labelled(value: str, count: int, counted: bool) -> str:
    return f"{value} ({numbers.count(count)})" if counted else value


def _reasons(endings: Sequence[Ending], chosen: str, counted: bool) -> Choices:
    counts: dict[str, int] = {}
    for ending in endings:
        if ending.kind:
            counts[ending.kind] = counts.get(ending.kind, 0) + ending.count
    usual = sorted(counts.items(), key=lambda pair: -pair[1])[:MOST_REASONS]
    values = [(f"{WHOLE}{kind}", _labelled(kind, count, counted)) for kind, count in usual]
    if chosen and chosen not in dict(values):
        values.append((chosen, chosen.removeprefix(WHOLE) or "none"))
    return Choices("reason", "Reason", values, chosen)
