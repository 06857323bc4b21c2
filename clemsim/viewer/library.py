"""What there is to see in some folders: runs, studies and reports of stress tests, each under an address of its own."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from clemsim._util.files import reading_file
from clemsim.errors import ClemsimError, UsageError
from clemsim.results.run_summary import RunSummary
from clemsim.store import reader
from clemsim.store.folder import STORE, SUMMARY, is_played, read_description
from clemsim.store.study_index import is_indexed

REPORT = "report.json"
DEEPEST = 5  # folders below one that was named
JOINT = ":"  # between the folders of an address


class Kind(StrEnum):
    """What a folder holds."""

    run = "run"
    study = "study"
    stress = "stress"


class State(StrEnum):
    """How far a run is."""

    live = "live"
    done = "done"
    unfinished = "unfinished"
    unreadable = "unreadable"


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to see: its kind, where it lies, and the name by which addresses call it."""

    kind: Kind
    folder: Path
    slug: str


@dataclass(frozen=True, slots=True)
class RunCard:
    """What the list of runs says of one. `begun`: ISO time; `counts`: episodes by status; `summary`: None until the run has
    ended once; `problem`: why it cannot be read.
    """

    entry: Entry
    state: State
    suite: str = ""
    agents: tuple[str, ...] = ()
    begun: str = ""
    counts: Mapping[str, int] | None = None
    summary: RunSummary | None = None
    problem: str = ""

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.entry.folder.name

    @property
    def way(self) -> str:
        """The folders before it, where its address has some."""
        return self.entry.slug.rpartition(JOINT)[0].replace(JOINT, "/")

    @property
    def cost(self) -> float | None:
        """What it cost, in the currency of its prices; None where no agent has one."""
        costs = self.summary.costs if self.summary else None
        return sum(own.total for own in costs.values()) if costs else None

    @property
    def best(self) -> float | None:
        """The highest clemscore of its agents."""
        scores = [own.clemscore for own in self.summary.agents.values()] if self.summary else []
        return max((score for score in scores if score is not None), default=None)

    @property
    def episodes(self) -> int:
        """How many episodes the run has."""
        return sum((self.counts or {}).values())


class Library:
    """The folders that the viewer was given, looked through again whenever a page asks."""

    def __init__(self, places: Sequence[Path]) -> None:
        """Look below `places`. Raises UsageError for one that is no folder."""
        self.places = tuple(place.absolute() for place in places)
        for place in self.places:
            with reading_file(place):
                if not place.is_dir():
                    raise UsageError(f"{place} is no folder: name one with runs, studies or reports of stress tests")
        self._cards: dict[Path, tuple[object, RunCard]] = {}
        self._known: dict[str, list[Entry]] = {}  # by the name that addresses call them

    def entries(self) -> list[Entry]:
        """Return all that there is, the newest name first."""
        found: dict[Path, Entry] = {}
        for place in self.places:
            for kind, folder in _look(place, DEEPEST):
                found.setdefault(folder, Entry(kind, folder, self._slug(place, folder)))
        entries = sorted(found.values(), key=lambda entry: entry.folder.name, reverse=True)
        known: dict[str, list[Entry]] = {}
        for entry in entries:
            known.setdefault(entry.slug, []).append(entry)
        self._known = known
        return entries

    def find(self, slug: str, kind: Kind | None = None) -> Entry:
        """Return what an address names. Raises UsageError."""
        for look in (False, True):  # the folders are looked through again where it is not known
            if look:
                self.entries()
            for entry in self._known.get(slug, ()):
                if kind in (None, entry.kind) and _kind(entry.folder) is entry.kind:
                    return entry
        raise UsageError(f"there is no {kind or 'page'} {slug!r} here")

    def study_of(self, entry: Entry) -> Entry | None:
        """Return the study that a run belongs to: one in whose folder it lies."""
        known = [own for entries in self._known.values() for own in entries] or self.entries()
        around = [own for own in known if own.kind is Kind.study and entry.folder.is_relative_to(own.folder)]
        return max(around, key=lambda own: len(own.folder.parts), default=None)

    def include(self, folder: Path) -> Entry:
        """Return what lies in a folder, which becomes one of the places unless it lies below one. Raises UsageError."""
        folder = folder.absolute()
        if not any(folder.is_relative_to(place) for place in self.places):
            self.places = (*self.places, folder)
        for entry in self.entries():
            if entry.folder == folder:
                return entry
        raise UsageError(f"there is no run at {folder}")

    def card(self, entry: Entry) -> RunCard:
        """Return what the list says of a run; as it was, where nothing was written since."""
        stamp = stamp_of(entry.folder)
        kept = self._cards.get(entry.folder)
        if kept and kept[0] == stamp and (kept[1].state is State.live) == is_played(entry.folder):
            return kept[1]
        card = _card(entry)
        self._cards[entry.folder] = stamp, card
        return card

    def _slug(self, place: Path, folder: Path) -> str:
        parts = folder.relative_to(place).parts
        own = JOINT.join(parts) or place.name
        if len(self.places) > 1 and parts:
            own = JOINT.join([place.name, own])
        return own


def _look(folder: Path, deep: int) -> Iterator[tuple[Kind, Path]]:
    """Yield what `folder` is, or else holds, without what is hidden or linked."""
    kind = _kind(folder)
    if kind:
        yield kind, folder
    if kind in (Kind.run, Kind.stress) or not deep:
        return
    try:
        with os.scandir(folder) as files:
            inner = sorted(file.name for file in files if file.is_dir(follow_symlinks=False))
    except OSError:
        return
    for name in inner:
        if not name.startswith("."):
            yield from _look(folder / name, deep - 1)


def _kind(folder: Path) -> Kind | None:
    if (folder / STORE).is_file():
        return Kind.run
    if is_indexed(folder):
        return Kind.study
    return Kind.stress if (folder / REPORT).is_file() else None


def stamp_of(folder: Path) -> object:
    """Return what changes when something is written into a run."""
    return tuple(stamp_of_file(folder / name) for name in (STORE, f"{STORE}-wal", SUMMARY))


def stamp_of_file(path: Path) -> object:
    """Return what changes when a file is written; None where there is none."""
    try:
        about = path.stat()
    except OSError:
        return None
    return about.st_mtime_ns, about.st_size


def _card(entry: Entry) -> RunCard:
    try:
        description = read_description(entry.folder)
        with reader.reading(entry.folder / STORE) as base:
            counts = _counts(base)
    except ClemsimError as error:
        return RunCard(entry, State.unreadable, problem=str(error))
    waiting = sum(counts.get(status, 0) for status in reader.UNENDED)
    state = State.live if is_played(entry.folder) else State.unfinished if waiting else State.done
    return RunCard(
        entry,
        state,
        description.suite.name,
        tuple(description.agents) or description.config.agents,
        description.made.started or "",
        counts,
        read_summary(entry.folder) if state is not State.live else None,
    )


def _counts(base: sqlite3.Connection) -> dict[str, int]:
    return dict(base.execute("SELECT status, count(*) FROM episodes GROUP BY status"))


def read_summary(folder: Path) -> RunSummary | None:
    """Return the summary that a run wrote when it last ended; None where there is none, or none of this version."""
    try:
        return RunSummary.model_validate_json((folder / SUMMARY).read_bytes())
    except (OSError, ValidationError):
        return None
