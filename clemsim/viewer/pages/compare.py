"""The page of two agents side by side: the paired verdict, where they part, and two dialogues of one instance."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from clemsim.errors import UsageError
from clemsim.game.content import Image
from clemsim.game.image_headers import MEDIA_TYPES
from clemsim.html.differences import differences
from clemsim.html.forest import Estimate, Forest
from clemsim.html.marking import Marker
from clemsim.results.joint_outcomes import HAPPENED, Event
from clemsim.viewer.computations import PATIENCE
from clemsim.viewer.library import Entry, Kind, stamp_of
from clemsim.viewer.pages.comparing import ComparedRow, PairedVerdict, paired_verdict
from clemsim.viewer.pages.episode import COLOURS
from clemsim.viewer.pages.pairs import SIDES, EpisodePair, casts_of, episode_pairs
from clemsim.viewer.pages.side_by_side import SideBySide, side_by_side
from clemsim.viewer.site import Site

SHOWN = 200  # pairs
OVERALL = "overall"
PANELS = {"played": "%Played", "quality": "Quality", "worth": "worth", "clemscore": "clemscore"}


@dataclass(frozen=True, slots=True)
class CompareChoice:
    """What a page is asked for: two runs, an agent of each, and which pairs of episodes. `anyway`: runs are compared though
    they differ; `side`: `played-only_a` and the like, empty for the pairs that part; `pair`: the numbers of two episodes.
    """

    a: str = ""
    b: str = ""
    agent_a: str = ""
    agent_b: str = ""
    anyway: str = ""
    game: str = ""
    side: str = ""
    pair: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> CompareChoice:
        """Return the choice of an address; names that it does not know are left out."""
        return cls(**{own.name: query[own.name] for own in fields(cls) if own.name in query})

    def query(self, **other: str) -> dict[str, str]:
        """Return the choice, but for some values, as the query of an address."""
        changed = replace(self, **other)
        return {own.name: value for own in fields(changed) if (value := getattr(changed, own.name))}


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the two: its run, the casts of it, and the one that is compared."""

    entry: Entry
    casts: Sequence[str]
    cast: str

    @property
    def part(self) -> tuple[Path, str]:
        """The folder of the run, and the cast."""
        return self.entry.folder, self.cast


def compare_page(site: Site, choice: CompareChoice) -> str:
    """Return the page; what cannot be compared says why. Raises UsageError for a run that is not there, and StoreError."""
    both = [_compared(site, choice.a, choice.agent_a)] if choice.a else []
    if both and (choice.b or len(both[0].casts) > 1):
        choice = replace(choice, b=choice.b or choice.a)
        both.append(_compared(site, choice.b, choice.agent_b))
    runs = [entry.slug for entry in site.library.entries() if entry.kind is Kind.run]
    comparison, problem = _comparison(site, choice, both)
    computing = is_computing(site, choice)
    pairs = _pairs(site, both, comparison) if comparison else []
    shown = [pair for pair in pairs if _is_wanted(pair, choice)]
    listed = [pair for pair in shown if pair.name == choice.pair] if site.inline and choice.pair else shown[:SHOWN]
    dialogues = _dialogues(both, choice) if comparison and choice.pair else None
    return site.page(
        "compare.html",
        "Compare",
        site.way("Compare"),
        site.links.compare_changes(choice.query()) if computing else "",
        computing=computing,
        choice=choice,
        runs=runs,
        both=both,
        comparison=comparison,
        problem=problem,
        figure=_figure(site, choice, comparison) if comparison else None,
        pairs=listed,
        count=len(shown),
        total=len(pairs),
        sides=SIDES,
        panels=PANELS,
        events=list(HAPPENED),
        dialogues=dialogues,
        colours=_colours(dialogues) if dialogues else {},
        sources=[_source(site, one.entry.slug) for one in both],
        marked=Marker(),
    )


def _compared(site: Site, slug: str, agent: str) -> Compared:
    entry = site.library.find(slug, Kind.run)
    casts = site.cache.of(("casts", entry.folder), stamp_of(entry.folder), lambda: casts_of(entry.folder))
    return Compared(entry, casts, agent or (casts[0] if len(casts) == 1 else ""))


def is_computing(site: Site, choice: CompareChoice) -> bool:
    """Return whether the comparison of a page is being computed. Raises as `compare_page`."""
    return not site.inline and site.computations.is_computing(_asked_for(choice))


def _asked_for(choice: CompareChoice) -> tuple[object, ...]:
    """Return the name of the comparison that is asked for."""
    return ("compare", choice.a, choice.b or choice.a, choice.agent_a, choice.agent_b, bool(choice.anyway))


def _comparison(site: Site, choice: CompareChoice, both: Sequence[Compared]) -> tuple[PairedVerdict | None, str]:
    """Return what `clemsim compare` says of the two, or why it says nothing; neither while it is computed."""
    if len(both) < 2 or not all(one.cast for one in both):
        return None, ""
    first, second = both
    if first.part == second.part:
        return None, "these are the same episodes: choose another agent or another run"
    stamp = stamp_of(first.entry.folder), stamp_of(second.entry.folder)
    name = "compare", *first.part, *second.part, bool(choice.anyway)
    folders, agents = (first.entry.folder, second.entry.folder), (choice.agent_a or None, choice.agent_b or None)
    anyway = bool(choice.anyway)
    found = site.computations.of(
        _asked_for(choice),
        lambda: site.cache.in_other_process(name, stamp, paired_verdict, *folders, *agents, anyway=anyway),
        None if site.inline else PATIENCE,
    )
    return (None, found or "") if found is None or isinstance(found, str) else (found, "")


def _pairs(site: Site, both: Sequence[Compared], comparison: PairedVerdict) -> list[EpisodePair]:
    first, second = both
    games = {row.game for row in comparison.joint}
    stamp = stamp_of(first.entry.folder), stamp_of(second.entry.folder)
    name = "pairs", *first.part, *second.part
    return site.large_cache.of(name, stamp, lambda: episode_pairs(first.part, second.part, games))


def _is_wanted(pair: EpisodePair, choice: CompareChoice) -> bool:
    if choice.game not in ("", OVERALL, pair.game):
        return False
    event, _, side = choice.side.partition("-")
    if event in HAPPENED:
        known: Event = "won" if event == "won" else "played"
        return pair.side(known) == side
    return pair.parts


def _figure(site: Site, choice: CompareChoice, comparison: PairedVerdict) -> Forest:
    """Return the differences by game, with the intervals that their verdicts rest on."""
    games = list(dict.fromkeys(row.game for row in comparison.rows))
    rows: dict[tuple[str, str], ComparedRow] = {(row.metric, row.game): row for row in comparison.rows}
    panels = {
        title: [_estimate(site, choice, game, rows.get((score, game))) for game in games] for score, title in PANELS.items()
    }
    return differences({title: own for title, own in panels.items() if any(each.value is not None for each in own)})


def _estimate(site: Site, choice: CompareChoice, game: str, row: ComparedRow | None) -> Estimate:
    address = site.links.compare(choice.query(game="" if game == OVERALL else game, pair="")) + "#pairs"
    if row is None:
        return Estimate(game, None, None, address)
    return Estimate(game, row.difference, row.interval, address)


def _dialogues(both: Sequence[Compared], choice: CompareChoice) -> SideBySide:
    first, second = both
    numbers = choice.pair.split("-")
    if len(numbers) != 2 or not all(number.isascii() and number.isdecimal() and len(number) < 10 for number in numbers):
        raise UsageError(f"a pair is named by two numbers, such as 3-7, not {choice.pair[:20]!r}")
    return side_by_side((first.entry.folder, int(numbers[0])), (second.entry.folder, int(numbers[1])))


def _colours(dialogues: SideBySide) -> dict[str, int]:
    """Return the colour of each seat, the same on both sides."""
    seats = dict.fromkeys(seat.name for dialogue in (dialogues.a, dialogues.b) for seat in dialogue.seats)
    return {seat: place % COLOURS + 1 for place, seat in enumerate(seats)}


def _source(site: Site, slug: str) -> Callable[[Image], str]:
    """Return what gives the address of a picture; empty where it is not shown."""
    return lambda image: site.links.image(slug, image.digest) if image.media_type in MEDIA_TYPES else ""
