"""The page of a person who plays: what the seat has seen, and the form for its reply."""

from __future__ import annotations

from dataclasses import dataclass

from clemsim.errors import UsageError
from clemsim.game.instances import EpisodeKey
from clemsim.html.frame import Crumb
from clemsim.store import reader
from clemsim.store.folder import STORE, is_played
from clemsim.viewer.library import Kind
from clemsim.viewer.person_runs import room_of
from clemsim.viewer.seats import DESK, Waiting
from clemsim.viewer.site import Site

EPISODE = 1  # a branch has one


@dataclass(frozen=True, slots=True)
class SeatState:
    """How an episode with a person stands. `turn`: the turn that waits, None where it is others' turn, or the end."""

    key: EpisodeKey
    outcome: str
    playing: bool
    turn: Waiting | None

    @property
    def stamp(self) -> object:
        """What changes when the page does."""
        return self.outcome, self.playing, self.turn.turn if self.turn else None


def seated(site: Site, slug: str) -> SeatState:
    """Return how the episode of a run stands. Raises UsageError and StoreError."""
    folder = site.library.find(slug, Kind.run).folder
    with reader.reading(folder / STORE) as base:
        row = next(reader.episodes(base), None)
    if row is None:
        raise UsageError("this run has no episode")
    outcome = f"{row.outcome.kind}{': ' if row.outcome.reason else ''}{row.outcome.reason}" if row.outcome else ""
    return SeatState(row.key, outcome, is_played(folder), DESK.waiting(room_of(folder) or ""))


def seat_page(site: Site, slug: str, problem: str = "") -> str:
    """Return the page. `problem`: why the episode could not go on."""
    stands = seated(site, slug)
    crumbs = site.run_crumbs(slug, Crumb("Your seat"))
    live = "" if stands.outcome or not stands.playing else site.links.seat_changes(slug)
    shown = {"stands": stands, "slug": slug, "episode": site.links.episode(slug, EPISODE), "problem": problem}
    return site.page("seat.html", "Your seat", crumbs, live, **shown)
