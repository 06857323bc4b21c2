"""Filters of episodes: as addresses, and as options."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim.errors import UsageError
from clemsim.results.episode_index.episode_facts import FLAGS
from clemsim.results.episode_index.episode_filter import RANGES, TEXTS, EpisodeFilter
from clemsim.results.episode_index.index_schema import SORTS
from clemsim.results.episode_index.value_range import ValueRange

WORDS = st.text(min_size=1, max_size=20).map(str.strip).filter(bool)
NUMBERS = st.floats(-1e6, 1e6).map(lambda number: number + 0.0)


@st.composite
def filters(draw: st.DrawFn) -> EpisodeFilter:
    texts: dict[str, Any] = {
        name: draw(WORDS) for name in TEXTS if name not in ("status", "outcome", "text") and draw(st.booleans())
    }
    ranges: dict[str, Any] = {
        name: ValueRange(*sorted((draw(NUMBERS), draw(NUMBERS)))) for name in RANGES if draw(st.booleans())
    }
    flags = tuple(name for name in FLAGS if draw(st.booleans()))
    sort, down = draw(st.sampled_from(list(SORTS))), draw(st.booleans())
    outcome, status = draw(st.sampled_from(["", "success", "aborted"])), draw(st.sampled_from(["", "done", "waiting"]))
    text, within = draw(st.sampled_from(["", "hello 'you", '"a phrase" word*'])), draw(st.sampled_from(["said", "dialogue"]))
    return EpisodeFilter(
        **texts, **ranges, flags=flags, sort=sort, descending=down, outcome=outcome, status=status,
        text=text, text_in="said" if text and within == "said" else "dialogue",
    )  # fmt: skip


@given(filters())
def test_an_address_is_read_as_it_was_written(filter_: EpisodeFilter) -> None:
    assert EpisodeFilter.from_query(filter_.to_query()) == filter_


def test_an_address_holds_only_what_is_set() -> None:
    assert EpisodeFilter().to_query() == {}
    filter_ = EpisodeFilter(
        arena="taboo", score=ValueRange(20, None), turns=ValueRange(3, 3), flags=("cut",), descending=True
    )
    assert filter_.to_query() == {"arena": "taboo", "flag": "cut", "score": "20..", "turns": "3", "sort": "-id"}


def test_a_form_sends_empty_fields_and_limits_of_their_own() -> None:
    sent = {"agent": "", "arena": " taboo ", "min_score": "5", "max_score": "", "flag": "re-asked,cut,cut", "page": "7"}
    assert EpisodeFilter.from_query(sent) == EpisodeFilter(
        arena="taboo", score=ValueRange(5, None), flags=("cut", "re-asked")
    )


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"arenas": "x"}, "a filter of this name 'arenas': there is none; choose from agent, cast, arena"),
        ({"outcome": "won"}, "outcome 'won': there is none; choose from success, failure, aborted"),
        ({"status": "dead"}, "choose from done, waiting, playing, unfinished"),
        ({"sort": "-luck"}, "sort 'luck': there is none; choose from id, agent"),
        ({"flag": "cut,bad"}, "flag 'bad': there is none; choose from cut, thinking"),
        ({"score": "many"}, "score 'many': give a number or a range, such as 20..50"),
        ({"score": "nan"}, "give a number or a range"),
        ({"turns": "5..2"}, "give the lower number first"),
        ({"text": "?!"}, "there is no word to look for"),
        ({"text": "word " * 100}, "that is too much to look for"),
        ({"in": "dreams"}, "choose from dialogue, said, thoughts"),
        ({"reason": "x" * 3000}, "reason is too long"),
        ({"agent": "m\udcff"}, "agent has bytes in it that are no text"),
    ],
)
def test_nonsense_gets_one_line(query: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError) as error:
        EpisodeFilter.from_query(query)
    assert told in str(error.value) and "\n" not in str(error.value)


def test_a_filter_is_true_where_it_leaves_anything_out() -> None:
    assert not EpisodeFilter(sort="score", descending=True)
    assert EpisodeFilter(arena="taboo") and EpisodeFilter(score=ValueRange(0, None)) and EpisodeFilter(flags=("cut",))
