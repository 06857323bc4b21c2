"""Runs on a public suite compared with runs of the same agents on a freshly generated one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import combinations
from pathlib import Path

import orjson
import polars as pl

from clemsim.analysis.sources.episodes import read_repetitions
from clemsim.analysis.sources.runs import Setting, sampling_notes, setting
from clemsim.analysis.sources.subsets import check_games, without_text
from clemsim.analysis.wording import interval_text, number, p_text, plural, signed
from clemsim.analysis.writing.html import notebook_html
from clemsim.errors import UsageError
from clemsim.results.differences import Clusters, Difference
from clemsim.results.estimates import ModelEstimates, Score
from clemsim.results.freshness import freshness, freshness_between
from clemsim.results.holm import holm
from clemsim.results.repetitions import clusters_of
from clemsim.store import reader
from clemsim.store.folder import STORE

OVERALL: tuple[Score, ...] = ("played", "quality", "clemscore", "worth")
ALPHA = 0.05
DATA = "SELECT DISTINCT arena, data FROM episodes"


@dataclass(frozen=True, slots=True)
class FreshRow:
    """A score of one agent on both suites, in points: of a game, or over games (`game` is then "overall").

    `difference`: public - fresh, with its 95 % interval `low` to `high` and its p value. `p_holm`: adjusted (Holm 1979)
    among the overall worths of all agents, which are the tests that were fixed beforehand; None in other rows.
    """

    agent: str
    game: str
    score: Score
    public: float | None
    fresh: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None = None


@dataclass(frozen=True, slots=True)
class FreshPairRow:
    """The difference in differences of two agents, in points: (a - b) on the public suite less (a - b) on the fresh one.

    `p_holm`: adjusted among all pairs.
    """

    a: str
    b: str
    score: Score
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None


@dataclass(frozen=True)
class FreshComparison:
    """Agents on a public and on a fresh suite: `rows` of each agent, `pairs` of agents, sentences and notes.

    `subset`: which games were chosen, in words; empty: all.
    """

    public: str
    fresh: str
    rows: tuple[FreshRow, ...]
    pairs: tuple[FreshPairRow, ...]
    sentences: tuple[str, ...]
    notes: tuple[str, ...]
    subset: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The title of the table."""
        return f"{self.public} (public) against {self.fresh} (fresh): points, other instances of the same kind"

    @property
    def frame(self) -> pl.DataFrame:
        """The rows of the agents as a polars frame."""
        return pl.DataFrame([asdict(row) for row in self.rows], infer_schema_length=None)

    @property
    def pair_frame(self) -> pl.DataFrame:
        """The rows of pairs of agents as a polars frame."""
        return pl.DataFrame([asdict(row) for row in self.pairs], infer_schema_length=None)

    def _repr_html_(self) -> str:
        """Return sentences, tables and notes as HTML for a notebook; all text is escaped."""
        frames = [self.frame, *([self.pair_frame] if self.pairs else [])]
        return notebook_html([self.title, *self.subset], self.sentences, frames, self.notes)


def compare_fresh(
    public: str | os.PathLike[str], fresh: str | os.PathLike[str], agents: Sequence[str] = (), without: Sequence[str] = ()
) -> FreshComparison:
    """Compare the agents that played both runs, or those of them in `agents`: one on a public suite, one on a fresh suite.
    `without`: games that are left out everywhere.

    Raises UsageError where both runs are of one suite, differ in decoding, rules or prompts, or have no such agent in
    common, and StoreError where a folder holds no readable run.
    """
    folders = Path(public), Path(fresh)
    settings = setting(folders[0]), setting(folders[1])
    _check(*settings)
    played = [{cast: clusters_of(own) for cast, own in read_repetitions(folder).items()} for folder in folders]
    games = sorted({game for own in played for clusters in own.values() for game in clusters})
    kept = check_games(without, games)
    played = [{cast: {game: own[game] for game in own if game in kept} for cast, own in casts.items()} for casts in played]
    names = _agents(played[0], played[1], agents)
    rows = _adjusted([row for name in names for row in _rows(name, played[0][name], played[1][name])])
    pairs = tuple(_pairs(names, *played))
    return FreshComparison(
        settings[0].suite_label,
        settings[1].suite_label,
        rows,
        pairs,
        tuple(_sentences(rows, pairs)),
        (*sampling_notes(*settings), *_notes(folders, played, names)),
        (without_text(without, games),) if without else (),
    )


def _check(public: Setting, fresh: Setting) -> None:
    if public.suite_label == fresh.suite_label:
        raise UsageError(f"both runs are of {public.suite_label}: name a run on a public suite and one on a fresh suite")
    if public.constrained != fresh.constrained:
        raise UsageError("only one of the runs was played with constrained decoding: they cannot be compared")
    for name in public.arenas.keys() & fresh.arenas.keys():
        if public.arenas[name] != fresh.arenas[name]:
            raise UsageError(f"{name} is of another version, or has other prompts or word lists: it cannot be compared")


def _agents(public: Mapping[str, Clusters], fresh: Mapping[str, Clusters], wanted: Sequence[str]) -> list[str]:
    common = [name for name in public if name in fresh and set(public[name]) & set(fresh[name])]
    for name in wanted:
        if name not in common:
            known = ", ".join(common) or "none"
            raise UsageError(f"no agent {name!r} has played a game of both suites: choose one of {known}")
    if not common:
        raise UsageError("no agent has played a game of both suites")
    return list(wanted or common)


def _rows(agent: str, public: Clusters, fresh: Clusters) -> Iterator[FreshRow]:
    """Yield the worth of each game, and all scores over the games that both suites have."""
    games = sorted(set(public) & set(fresh))
    for game in games:
        yield _row(agent, game, "worth", {game: public[game]}, {game: fresh[game]})
    for score in OVERALL:
        ours, theirs = ({game: own[game] for game in games} for own in (public, fresh))
        yield _row(agent, "overall", score, ours, theirs)


def _row(agent: str, game: str, score: Score, public: Clusters, fresh: Clusters) -> FreshRow:
    found = freshness(public, fresh, score)
    low, high = found.interval or (None, None)
    ours, theirs = (ModelEstimates.of(own).value(score) for own in (public, fresh))
    return FreshRow(agent, game, score, ours, theirs, found.value, low, high, found.p)


def _is_main(row: FreshRow) -> bool:
    return row.game == "overall" and row.score == "worth"


def _adjusted(rows: Sequence[FreshRow]) -> tuple[FreshRow, ...]:
    main = [row for row in rows if _is_main(row)]
    adjusted = dict(zip((row.agent for row in main), holm([row.p for row in main]), strict=True))
    return tuple(replace(row, p_holm=adjusted[row.agent]) if _is_main(row) else row for row in rows)


def _pairs(names: Sequence[str], public: Mapping[str, Clusters], fresh: Mapping[str, Clusters]) -> Iterator[FreshPairRow]:
    found: list[tuple[str, str, Difference]] = [
        (a, b, freshness_between((public[a], public[b]), (fresh[a], fresh[b]), "worth")) for a, b in combinations(names, 2)
    ]
    for (a, b, own), adjusted in zip(found, holm([own.p for _, _, own in found]), strict=True):
        low, high = own.interval or (None, None)
        yield FreshPairRow(a, b, "worth", own.value, low, high, own.p, adjusted)


def _sentences(rows: Sequence[FreshRow], pairs: Sequence[FreshPairRow]) -> Iterator[str]:
    for row in filter(_is_main, rows):
        if row.difference is None or row.low is None or row.high is None or row.p_holm is None:
            yield f"{row.agent}: too few instances to compare its worth."
            continue
        certainty = f"{interval_text((row.low, row.high))}; {p_text(row.p_holm)} among all agents"
        if row.p_holm < ALPHA:
            side, gap = "higher" if row.difference > 0 else "lower", number(abs(row.difference))
            yield f"{row.agent}: worth is {side} on the public instances by {gap} points ({certainty})."
        else:
            yield f"{row.agent}: worth on the public instances is not told apart from that on the fresh ones ({certainty})."
    decided = [row for row in pairs if row.p_holm is not None and row.p_holm < ALPHA]
    for pair in decided:
        ends = None if pair.low is None or pair.high is None else (pair.low, pair.high)
        yield (
            f"{pair.a} against {pair.b}: their difference is {signed(pair.difference)} points on the public instances "
            f"relative to the fresh ones ({interval_text(ends)}; {p_text(pair.p_holm)} among all pairs)."
        )
    if pairs and not decided:
        yield f"Of {plural(len(pairs), 'pair')} of agents, none is told apart in how much its two scores differ."
    yield (
        "Fresh instances may be harder or easier than the public ones; the difference of two agents does not move with what "
        "is the same for both."
    )


def _notes(folders: tuple[Path, Path], played: Sequence[Mapping[str, Clusters]], names: Sequence[str]) -> Iterator[str]:
    data = []
    for folder in folders:
        with reader.reading(folder / STORE) as base:
            data.append({_content(arena, text) for arena, text in base.execute(DATA)})
    if same := len(data[0] & data[1]):
        yield f"{plural(same, 'instance')} of the public suite are in the fresh one too, and are counted on both sides"
    games = [{game for name in names for game in own[name]} for own in played]
    if only := sorted(games[0] ^ games[1]):
        yield f"games of one suite alone are left out: {', '.join(only)}"


def _content(arena: str, text: str) -> tuple[str, str]:
    """Return what an instance is, without its name and its seed."""
    data = {key: value for key, value in orjson.loads(text).items() if key not in ("experiment", "id", "seed")}
    return arena, orjson.dumps(data, option=orjson.OPT_SORT_KEYS).decode()
