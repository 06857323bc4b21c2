"""The index of a run: what it finds, in which order, and how it keeps up with the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from clemsim.errors import UsageError
from clemsim.results.episode_index.endings import endings_of_store
from clemsim.results.episode_index.episode_filter import EpisodeFilter
from clemsim.results.episode_index.index import EpisodeIndex
from clemsim.results.episode_index.index_schema import SORTS
from clemsim.results.episode_index.value_range import ValueRange
from clemsim.store import reader
from tests.results.episode_index.runs import RUN, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("run") / "r")


@pytest.fixture(scope="module")
def index(folder: Path) -> Iterator[EpisodeIndex]:
    with EpisodeIndex(folder) as made:
        assert made.sync() == len(RUN)
        yield made


def ids(index: EpisodeIndex, filter_: EpisodeFilter) -> list[int]:
    found = [row.id for row in index.page(filter_)]
    assert index.count(filter_) == len(found)
    return found


def test_the_facts_of_an_episode(index: EpisodeIndex) -> None:
    facts = index.facts(3)
    assert (facts.label, facts.cast, facts.experiment, facts.ending) == ("taboo/easy/2", "m", "easy", "aborted")
    assert (facts.reason, facts.blame, facts.score) == ("the reply does not start with 'CLUE: '", "describer", None)
    assert (facts.turns, facts.requests, facts.tokens_in, facts.tokens_out, facts.tokens_cached) == (1, 1, 300, 1, 1)
    assert facts.flags == ("cut",) and facts.seconds is not None and facts.seconds >= 0
    assert (index.facts(4).flags, index.facts(4).rejected) == (("re-asked",), 1)
    chess = index.facts(7)
    assert (chess.by_seat, chess.score, chess.reason) == ({"red": 1, "blue": 0}, 1, "mate")
    going_on = index.facts(8)
    assert (going_on.status, going_on.outcome, going_on.ending, going_on.seconds) == ("playing", "", "playing", None)


@pytest.mark.parametrize(
    ("filter_", "found"),
    [
        (EpisodeFilter(), [1, 2, 3, 4, 5, 6, 7, 8]),
        (EpisodeFilter(agent="k"), [6, 7]),
        (EpisodeFilter(cast="k"), [6]),
        (EpisodeFilter(agent="red=m,blue=k"), [7]),
        (EpisodeFilter(arena="taboo", outcome="failure"), [2]),
        (EpisodeFilter(instance="easy/0"), [1, 4, 6, 7]),
        (EpisodeFilter(status="playing"), [8]),
        (EpisodeFilter(reason="DOES NOT have"), [4, 5]),
        (EpisodeFilter(reason="guess … letters"), [4, 5]),
        (EpisodeFilter(reason="'moo'"), [5]),
        (EpisodeFilter(reason="100%_"), []),
        (EpisodeFilter(reason="=out of rounds"), [2]),
        (EpisodeFilter(reason="=out of"), []),
        (EpisodeFilter(blame="guesser"), [4, 5]),
        (EpisodeFilter(outcome="aborted", blame="-"), []),
        (EpisodeFilter(flags=("cut",)), [3]),
        (EpisodeFilter(flags=("retried",)), [5]),
        (EpisodeFilter(flags=("cut", "retried")), []),
        (EpisodeFilter(flags=("re-asked",)), [4]),
        (EpisodeFilter(score=ValueRange(40, 99)), [6]),
        (EpisodeFilter(turns=ValueRange(3, None)), [2]),
        (EpisodeFilter(tokens=ValueRange(200, None)), [3]),
        (EpisodeFilter(text="round moon"), [2]),
        (EpisodeFilter(text="describer"), [1, 2, 3, 4, 5, 6, 7, 8]),
        (EpisodeFilter(text="describer", text_in="said"), []),
        (EpisodeFilter(text="ponder*"), []),
        (EpisodeFilter(text="ponder*", text_in="thoughts", arena="chess"), [7]),
        (EpisodeFilter(text='"guess moon"'), [2]),
    ],
)
def test_a_filter_lets_through_what_it_says(index: EpisodeIndex, filter_: EpisodeFilter, found: list[int]) -> None:
    assert ids(index, filter_) == found


@pytest.mark.parametrize("sort", SORTS)
@pytest.mark.parametrize("descending", [False, True])
def test_pages_and_neighbours_keep_to_every_order(index: EpisodeIndex, sort: str, descending: bool) -> None:
    filter_ = EpisodeFilter(sort=sort, descending=descending)
    rows = index.page(filter_)
    assert [row.id for offset in range(0, 9, 3) for row in index.page(filter_, offset, 3)] == [row.id for row in rows]
    assert sorted(row.id for row in rows) == [1, 2, 3, 4, 5, 6, 7, 8]
    order: list[int | None] = [None, *(row.id for row in rows), None]
    assert [index.neighbours(filter_, row.id) for row in rows] == list(zip(order, order[2:], strict=False))
    if hasattr(rows[0], sort):
        keys = [getattr(row, sort) for row in rows]
        there = [key for key in keys if key is not None]
        assert keys == there + [None] * (len(keys) - len(there))
        if sort != "flags":
            assert there == sorted(there, reverse=descending)


def test_neighbours_within_a_filter_of_an_episode_that_it_leaves_out(index: EpisodeIndex) -> None:
    wordle = EpisodeFilter(arena="wordle", sort="score")
    assert ids(index, wordle) == [6, 4, 5]
    assert index.neighbours(wordle, 4) == (6, 5)
    assert index.neighbours(wordle, 7) == (None, 6), "its score is 1"
    assert index.neighbours(wordle, 1) == (6, 4), "its score is 100"
    with pytest.raises(UsageError, match="there is no episode 99"):
        index.neighbours(wordle, 99)


def test_choices_are_counted(index: EpisodeIndex) -> None:
    assert index.choices("arena") == {"taboo": 4, "wordle": 3, "chess": 1}
    assert index.choices("agent") == {"m": 7, "k": 2, "red=m,blue=k": 1}
    assert index.choices("blame", EpisodeFilter(arena="wordle")) == {"guesser": 2}
    assert index.choices("flag") == {"cut": 1, "retried": 1, "re-asked": 1}
    assert index.choices("outcome") == {"aborted": 3, "success": 3, "failure": 1}


def test_every_ending_leads_to_its_episodes(index: EpisodeIndex, folder: Path) -> None:
    found = index.endings()
    assert [(own.count, own.arena, own.ending, own.reason, own.blame) for own in found][:2] == [
        (2, "wordle", "aborted", "the guess '…' does not have 5 letters", "guesser"),
        (1, "wordle", "success", "", ""),
    ]
    assert sum(own.count for own in found) == len(RUN)
    assert [index.count(own.within()) for own in found] == [own.count for own in found]
    assert [own.count for own in index.endings(EpisodeFilter(outcome="aborted"))] == [2, 1]
    with reader.reading(folder / "run.db") as base:
        assert endings_of_store(base) == found


def test_totals(index: EpisodeIndex) -> None:
    whole = index.totals()
    assert (whole.episodes, whole.success, whole.failure, whole.aborted, whole.unended) == (8, 3, 1, 3, 1)
    assert (whole.turns, whole.requests) == (16, 16)
    nothing = index.totals(EpisodeFilter(arena="none"))
    assert (nothing.episodes, nothing.turns, nothing.score) == (0, 0, None)


def test_unknown_names_are_told_with_the_choices(index: EpisodeIndex) -> None:
    index.check(EpisodeFilter(agent="k", arena="taboo", blame="-"))
    for filter_, told in {
        EpisodeFilter(arena="tabu"): "no episode has the arena 'tabu': choose from taboo, wordle, chess",
        EpisodeFilter(agent="x"): "no episode has the agent 'x': choose from m, k, red=m,blue=k",
        EpisodeFilter(blame="judge"): "choose from guesser, describer",
    }.items():
        with pytest.raises(UsageError, match=told):
            index.check(filter_)
