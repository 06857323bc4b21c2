"""An episode: its dialogue in lanes, or what one seat saw of it, with what became of it and how the game draws itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clemsim.errors import UsageError
from clemsim.game.pieces import Piece, latest_of_each
from clemsim.html import numbers
from clemsim.html.frame import Crumb
from clemsim.html.marking import Marker
from clemsim.results.dialogue.model import Dialogue, DialogueStep, Forgetting, Note, Telling, TurnBatch
from clemsim.results.dialogue.read import read_dialogue
from clemsim.results.dialogue.seen import what_seat_saw
from clemsim.results.episode_index.episode_facts import FLAGS, EpisodeFacts
from clemsim.results.episode_index.episode_filter import ALL_EPISODES, EpisodeFilter
from clemsim.runs.drawing import Drawings
from clemsim.store import reader
from clemsim.store.description import RunDescription
from clemsim.store.folder import STORE, read_description
from clemsim.viewer.indexes import Indexed
from clemsim.viewer.library import Entry, Kind, stamp_of
from clemsim.viewer.links import Query
from clemsim.viewer.pages.episodes import unsorted
from clemsim.viewer.run_images import image_sources
from clemsim.viewer.site import Site

SAW = "saw"  # the seat whose view is shown, in an address
BESIDE = (SAW, "page")
MOST_LANES = 4  # beside each other; with more seats, they stand below each other
COLOURS = 6  # of lanes
KINDS: Mapping[type[DialogueStep], str] = {TurnBatch: "turns", Telling: "told", Note: "note", Forgetting: "forgot"}


@dataclass(frozen=True, slots=True)
class SeatLane:
    """A seat on the page: `column` from 1 on, `colour` from 1 to COLOURS, and the address of what it saw."""

    name: str
    role: str
    agent: str
    scripted: bool
    column: int
    colour: int
    saw: str


@dataclass(frozen=True, slots=True)
class Rounds:
    """The metrics of each round as a table."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Drawn:
    """How the game draws itself: what stands at the end, what stood after each turn, and why there is nothing."""

    latest: Sequence[Piece]
    after: Mapping[int, Sequence[Piece]]
    problem: str


def episode_page(site: Site, slug: str, number: int, query: Query) -> str:
    """Return the page of an episode. `query`: the filter within which it is looked at, and the seat whose view is shown
    (`saw`). Raises UsageError and StoreError.
    """
    entry = site.library.find(slug, Kind.run)
    indexed = site.indexes.of(entry.folder)
    index = indexed.index
    filter_ = _filter(query)
    facts = index.facts(number)
    description = read_description(entry.folder)
    with reader.reading(entry.folder / STORE) as base:
        row = reader.episode(base, number)
        if row is None:
            raise UsageError(f"there is no episode {number} in this run")
        dialogue = read_dialogue(base, row, description)
        drawn = _drawn(_drawings(site, entry).of(row, dialogue.events))
        own = {**_way(site, entry, indexed, filter_, number), **_contents(site, slug, dialogue, query, filter_)}
        return site.page(
            "episode.html",
            dialogue.key.label,
            site.run_crumbs(slug, Crumb("Episodes", site.links.episodes(slug, filter_.to_query())), Crumb(f"{number}")),
            slug=slug,
            facts=facts,
            dialogue=dialogue,
            drawn=drawn,
            shown=_about(facts, dialogue),
            metrics=[(name, _value(value)) for name, value in dialogue.metrics.items()],
            rounds=_rounds(dialogue),
            settings=_settings(description, dialogue),
            instance=numbers.json_text(dialogue.instance),
            specs=sorted(set(description.specs.values())),
            source=image_sources(site, slug, base),
            flag_words=FLAGS,
            **own,
        )


def _filter(query: Query) -> EpisodeFilter:
    """Return the filter in an address; one that cannot be is none."""
    try:
        return EpisodeFilter.from_query(query, beside=BESIDE)
    except UsageError:
        return ALL_EPISODES


def _way(site: Site, entry: Entry, indexed: Indexed, filter_: EpisodeFilter, number: int) -> dict[str, Any]:
    """Return the way on within the filter."""
    slug, index = entry.slug, indexed.index
    stamp = stamp_of(entry.folder), indexed.complete, indexed.texting
    query = filter_.to_query()
    before, after = index.neighbours(filter_, number)
    return {
        "before": site.links.episode(slug, before, query) if before is not None else "",
        "after": site.links.episode(slug, after, query) if after is not None else "",
        "list": site.links.episodes(slug, query),
        "filtered": bool(filter_),
        "matching": site.cache.of(("count", entry.folder, unsorted(filter_)), stamp, lambda: index.count(filter_)),
    }


def _contents(site: Site, slug: str, dialogue: Dialogue, query: Query, filter_: EpisodeFilter) -> dict[str, Any]:
    """Return the lanes and what stands in them, or what one seat saw."""
    kept, number = filter_.to_query(), dialogue.number or 0
    asked = {name: place for place, name in enumerate(dict.fromkeys(turn.seat for turn in dialogue.turns))}
    lanes = [
        SeatLane(
            seat.name,
            seat.role,
            seat.agent,
            seat.scripted,
            place + 1,
            place % COLOURS + 1,
            site.links.episode(slug, number, {**kept, SAW: seat.name}),
        )
        for place, seat in enumerate(sorted(dialogue.seats, key=lambda seat: asked.get(seat.name, len(asked))))
    ]
    saw = query.get(SAW, "") if any(lane.name == query.get(SAW) for lane in lanes) else ""
    return {
        "lanes": {lane.name: lane for lane in lanes},
        "beside": len(lanes) if 1 < len(lanes) <= MOST_LANES else 0,
        "saw": saw,
        "seen": what_seat_saw(dialogue, saw) if saw else [],
        "steps": [] if saw else [(KINDS[type(step)], step) for step in dialogue.steps],
        "whole": site.links.episode(slug, number, kept),
        "marked": Marker(filter_.text),
        "found": _first_found(dialogue, Marker(filter_.text)),
    }


def _first_found(dialogue: Dialogue, marker: Marker) -> int | None:
    """Return the first turn in which something stands that was searched for."""
    if not marker:
        return None
    for turn in dialogue.turns:
        texts = [turn.asked_text, *(heard.text for heard in turn.heard)]
        texts += [turn.reply.said, turn.reply.reasoning] if turn.reply else []
        if any(map(marker.finds, texts)):
            return turn.number
    return None


def _drawings(site: Site, entry: Entry) -> Drawings:
    """Return what draws the games of a run, which are loaded once."""
    return site.cache.of(("drawings", entry.folder), None, lambda: Drawings(entry.folder))


def _drawn(found: tuple[Sequence[Piece], str]) -> Drawn:
    pieces, problem = found
    after: dict[int, list[Piece]] = {}
    for piece in pieces:
        if piece.after is not None:
            after.setdefault(piece.after, []).append(piece)
    return Drawn(latest_of_each(pieces), after if len(after) > 1 else {}, problem)


def _about(facts: EpisodeFacts, dialogue: Dialogue) -> list[tuple[str, str]]:
    """Return the facts of an episode by their names, without those that there are not."""
    cached = f" ({numbers.count(facts.tokens_cached)} cached)" if facts.tokens_cached else ""
    optional = {
        "agent": facts.cast,
        "score": "" if facts.score is None or facts.by_seat else f"{facts.score:.4g}",
        "scores by seat": ", ".join(f"{seat} {score:.4g}" for seat, score in facts.by_seat.items()),
        "turns": numbers.count(facts.turns),
        "tokens in": f"{numbers.count(facts.tokens_in)}{cached}" if facts.tokens_in else "",
        "tokens out": numbers.count(facts.tokens_out) if facts.tokens_out else "",
        "time": "" if facts.seconds is None else numbers.seconds(facts.seconds),
        "begun": numbers.moment(facts.started) if facts.started else "",
        "seed of the instance": "" if dialogue.instance_seed is None else str(dialogue.instance_seed),
        "seed of the run": "" if dialogue.run_seed is None else str(dialogue.run_seed),
        "version of the game": str(dialogue.version or ""),
    }
    return [(name, text) for name, text in optional.items() if text]


def _rounds(dialogue: Dialogue) -> Rounds:
    names = list(dict.fromkeys(name for each in dialogue.rounds for name in each))
    rows = [[str(place), *(_value(each.get(name)) for name in names)] for place, each in enumerate(dialogue.rounds, 1)]
    return Rounds(["round", *names], rows)


def _value(value: float | None) -> str:
    return numbers.NONE if value is None else f"{value:.6g}"


def _settings(description: RunDescription, dialogue: Dialogue) -> dict[str, str]:
    """Return what the agents of an episode say of themselves, by name."""
    names = dict.fromkeys(seat.agent for seat in dialogue.seats)
    names |= dict.fromkeys([dialogue.key.cast])
    return {name: numbers.json_text(description.agents[name]) for name in names if name in description.agents}
