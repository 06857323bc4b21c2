"""The page of a study: leaderboards with rank intervals, models against games, scores against what is known of the models,
and its runs with those that are missing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clemsim._util.files import read_toml
from clemsim.analysis.extra import load
from clemsim.errors import ClemsimError
from clemsim.html.heat import HeatCell, HeatMap, HeatRow
from clemsim.html.scatter import Scatter, ScatterSpot, scatter
from clemsim.results.run_summary import RunSummary
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.study import index
from clemsim.study.axes import axis_text
from clemsim.study.index import IndexedRun
from clemsim.study.leaderboard import Place, Setting, detectable, places, played_in
from clemsim.viewer.library import Entry, Kind, RunCard, stamp_of
from clemsim.viewer.pages.characteristics import CHARACTERISTICS, KnownRun, offered
from clemsim.viewer.pages.summaries import summary_of
from clemsim.viewer.site import Site

STUDY = "study.toml"
VARIED = ("suites", "seeds", "constrain", "access", "quantisations", "pairings")  # beside the axes
SCORES = {"worth": "worth", "played": "%Played", "quality": "Quality"}  # that a game has


@dataclass(frozen=True, slots=True)
class StudyMember:
    """A run that the study lists, with what has ended of it; `place`: among the runs of its setting."""

    row: IndexedRun
    card: RunCard | None
    summary: RunSummary | None
    place: Place | None

    @property
    def setting(self) -> Setting:
        """What a run is ranked within."""
        return self.row.suite, self.row.seed, self.row.constrained

    @property
    def label(self) -> str:
        """The models."""
        if self.row.model or not self.row.seats:
            return self.row.model or self.row.run
        return "; ".join(f"{seat}: {model}" for seat, model in self.row.seats.items())


@dataclass(frozen=True, slots=True)
class SettingBoard:
    """The runs of one suite, seed and decoding, the best first; `detectable`: the true difference in worth, in points, that
    they show four times in five.
    """

    title: str
    members: Sequence[StudyMember]
    heats: Sequence[HeatMap]
    detectable: float | None


def study_page(site: Site, slug: str, score: str = "worth", against: str = "") -> str:
    """Return the page. `score`: what the heat maps show, one of SCORES; `against`: the characteristic of the figure.

    Raises UsageError and StoreError.
    """
    entry = site.library.find(slug, Kind.study)
    listed = index.read(entry.folder)
    score = score if score in SCORES else "worth"
    shown = list(SCORES) if site.inline else [score]  # a page of a file has all that a served one leads to
    ranked, seen, problem = _leaderboard(site, entry, listed.member)
    members = _members(site, entry, listed.member, ranked)
    boards = [
        SettingBoard(_title(setting), own, [_heat(site, own, each, _title(setting)) for each in shown], seen.get(setting))
        for setting, own in _by_setting(members).items()
    ]
    known = [_known(site, member) for member in members if member.row.characteristics and member.summary]
    choices = offered(known)
    against = against if against in choices else next(iter(choices), "")
    return site.page(
        "study.html",
        slug,
        site.way(slug),
        slug=slug,
        members=members,
        missing=listed.missing,
        boards=boards,
        problem=problem,
        score=score,
        scores=SCORES,
        figures=[figure for name in (choices if site.inline else [against]) if (figure := _figure(known, name))],
        against=against,
        choices=choices,
        axes=_axes(entry.folder),
    )


def _leaderboard(
    site: Site, entry: Entry, rows: Sequence[IndexedRun]
) -> tuple[Mapping[str, Place], Mapping[Setting, float], str]:
    """Return the places of the runs and the differences that they show, and why there are none."""
    alone = [(row.run, (row.suite, row.seed, row.constrained)) for row in rows if not row.seats and not row.players]
    stamp = tuple(stamp_of(entry.folder / run) for run, _ in alone)
    try:
        return *site.cache.in_other_process(("leaderboard", entry.folder), stamp, _ranks, entry.folder, alone), ""
    except ClemsimError as error:  # a library is missing, or a run cannot be read: what there is otherwise is shown
        return {}, {}, str(error)


def _ranks(folder: Path, runs: Sequence[tuple[str, Setting]]) -> tuple[Mapping[str, Place], Mapping[Setting, float]]:
    load("clemsim.analysis.statistics.rank_intervals")
    played = played_in(folder, runs)
    return places(played), detectable(played)


def _members(site: Site, entry: Entry, rows: Sequence[IndexedRun], ranked: Mapping[str, Place]) -> list[StudyMember]:
    """Return the runs; those of one model first, and the best of them first."""
    by_folder = {own.folder: own for own in site.library.entries()}
    members = []
    for row in rows:
        own = by_folder.get(entry.folder / row.run)
        card = site.library.card(own) if own else None
        members.append(StudyMember(row, card, summary_of(site, card) if card else None, ranked.get(row.run)))
    return sorted(members, key=lambda member: (bool(member.row.seats), -_worth(member)))


def _worth(member: StudyMember) -> float:
    return -1.0 if member.summary is None or member.summary.worth is None else member.summary.worth


def _by_setting(members: Sequence[StudyMember]) -> dict[Setting, list[StudyMember]]:
    """Return the runs of one model each, by setting."""
    found: dict[Setting, list[StudyMember]] = {}
    for member in members:
        if not member.row.seats and not member.row.players and member.summary:
            found.setdefault(member.setting, []).append(member)
    return found


def _title(setting: Setting) -> str:
    suite, seed, constrained = setting
    parts = [suite or "unknown suite", *([f"seed {seed}"] if seed is not None else [])]
    return ", ".join([*parts, *(["constrained"] if constrained else [])])


def _heat(site: Site, members: Sequence[StudyMember], score: str, title: str) -> HeatMap:
    games = sorted({game for member in members if member.summary for game in member.summary.arenas})
    rows = []
    for member in members:
        assert member.card and member.summary  # of a board
        slug = member.card.entry.slug
        cells = {}
        for game, own in member.summary.arenas.items():
            value, ends = getattr(own, score), getattr(own.ci, score)
            about = f"95 % interval {ends[0]:.1f} to {ends[1]:.1f}; " if ends else ""
            about += f"{own.success} won, {own.failure} lost, {own.aborted} aborted of {own.episodes}"
            cells[game] = HeatCell(value, site.links.episodes(slug, {"arena": game}), about)
        rows.append(HeatRow(member.label, site.links.run(slug), cells))
    return HeatMap(f"{SCORES[score]} by model and game, 0 to 100 ({title})", games, rows)


def _known(site: Site, member: StudyMember) -> KnownRun:
    assert member.card and member.summary and member.row.characteristics  # of a run of one model that has ended
    own = member.card.entry
    store = own.folder / STORE
    latency = site.cache.of(("latency", store), stamp_of(own.folder), lambda: _latency(store))
    facts = member.row.characteristics
    return KnownRun(member.label, _title(member.setting), site.links.run(own.slug), facts, member.summary, latency)


def _latency(store: Path) -> float | None:
    """Return the mean seconds of a request; None where none is known."""
    with reader.reading(store) as base:
        (mean,) = base.execute("SELECT avg(seconds) FROM requests").fetchone()
    return None if mean is None else float(mean)


def _figure(known: Sequence[KnownRun], against: str) -> Scatter | None:
    """Return clemscore, or 0 where a model never played to the end, against one of CHARACTERISTICS; None without."""
    if against not in CHARACTERISTICS:
        return None
    characteristic = CHARACTERISTICS[against]
    settings = {own.setting for own in known}
    spots = [
        ScatterSpot(
            own.name,
            value,
            own.summary.clemscore or 0.0,
            own.summary.ci.clemscore,
            own.setting if len(settings) > 1 else "",
            own.address,
        )
        for own in known
        if (value := characteristic.value(own)) is not None
    ]
    return scatter("clemscore", characteristic.title, spots, log=characteristic.log) if spots else None


def _axes(folder: Path) -> list[tuple[str, str]]:
    """Return what the study varies, as its file says; empty for a study that was imported."""
    path = folder / STUDY
    if not path.is_file():
        return []
    study = read_toml(path)
    tables = study.get("axes")
    given = [(name, study.get(name)) for name in VARIED]
    given += (
        [pair for table in tables if isinstance(table, dict) for pair in table.items()] if isinstance(tables, list) else []
    )
    listed = [(name, value if isinstance(value, list) else [value]) for name, value in given if value not in (None, [])]
    return [(name, ", ".join(axis_text("", value) for value in values)) for name, values in listed]
