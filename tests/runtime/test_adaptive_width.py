"""The adaptive width: readings in, widths out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clemsim.engines.load import ServerLoad
from clemsim.runtime.adaptive_width import AdaptiveWidth, Reading
from tests.runtime.width_traces import MANY_LONG_STEPS, ONE_LONG_STEP, SEVERAL_LONG_STEPS, Row

Server = Callable[[int], Reading]


def load(running: int, waiting: int = 0, kv: float = 0.1, preemptions: int = 0) -> ServerLoad:
    return ServerLoad(running, waiting, kv, preemptions)


def open_server(seats: int) -> Server:
    """A server that shows its queue; every request takes a second for 100 tokens."""

    def read(width: int) -> Reading:
        running = min(width, seats)
        return Reading(width, 100.0 * running, True, load=load(running, width - running), ended=running // 2 + 1)

    return read


def blind_server(seats: int) -> Server:
    """A server that shows nothing and only gets slower."""
    return lambda width: Reading(width, 100.0 * min(width, seats), True)


def widths(adaptive: AdaptiveWidth, server: Server, readings: int) -> list[int]:
    return [adaptive.read(server(adaptive.width)) for _ in range(readings)]


@pytest.mark.parametrize("seats", [1, 7, 64, 256, 1000])
@pytest.mark.parametrize("first", [8, 64])
def test_a_server_that_shows_its_queue_is_kept_just_full(seats: int, first: int) -> None:
    seen = widths(AdaptiveWidth(first), open_server(seats), 60)[30:]
    assert seats <= min(seen) and max(seen) <= max(seats + 2, 1.5 * seats)


@pytest.mark.parametrize("seats", [32, 200, 900])
def test_a_blind_server_is_found_out_by_its_rate(seats: int) -> None:
    seen = widths(AdaptiveWidth(32), blind_server(seats), 120)[60:]
    assert 0.9 * seats <= min(seen) and max(seen) <= 3.5 * seats


def test_it_tries_again_ever_more_seldom() -> None:
    seen = widths(AdaptiveWidth(64), open_server(64), 600)
    changes = [at for at in range(1, 600) if seen[at] != seen[at - 1]]
    assert len([at for at in changes if at >= 300]) <= 6


def test_it_finds_room_that_came_later() -> None:
    adaptive = AdaptiveWidth(64)
    widths(adaptive, open_server(64), 40)
    assert widths(adaptive, open_server(256), 400)[-1] >= 256


def test_it_gives_way_at_once_when_turned_away() -> None:
    adaptive = AdaptiveWidth(100)
    assert adaptive.read(Reading(100, None, True, busy=3)) == 70
    assert adaptive.why == "turned away"
    assert adaptive.read(Reading(70, 7000.0, True)) == 70


def test_it_gives_way_when_conversations_are_thrown_out_of_memory() -> None:
    adaptive = AdaptiveWidth(100)
    adaptive.read(Reading(100, None, False, load=load(90)))
    assert adaptive.read(Reading(100, None, True, load=load(60, 30, 1.0, preemptions=5))) == 60
    assert adaptive.why == "preemptions"


def test_it_never_grows_beyond_a_full_memory_or_what_is_wanted() -> None:
    adaptive = AdaptiveWidth(64)
    full = [adaptive.read(Reading(64, 6400.0, True, load=load(64, kv=0.97))) for _ in range(20)]
    idle = [adaptive.read(Reading(3, 300.0, False, load=load(3))) for _ in range(20)]
    assert set(full + idle) == {64}


def test_a_burst_is_no_queue() -> None:
    adaptive = AdaptiveWidth(64)
    for waiting in (60, 0, 60, 60, 0):
        adaptive.read(Reading(64, None, False, load=load(4, waiting)))
    assert adaptive.width == 64


def played_back(rows: list[Row], width: int = 64) -> list[int]:
    """The widths that a recorded server leads to; all that it runs and queues is ours."""
    adaptive = AdaptiveWidth(width)
    seen = []
    for running, waiting, steps, generated, ended in rows:
        said = ServerLoad(running, waiting, 0.1, 0, generated=generated, steps=steps)
        reading = Reading(running + waiting, None, running + waiting >= adaptive.width, load=said, ended=ended)
        seen.append(adaptive.read(reading))
    return seen


@pytest.mark.parametrize("rows", [ONE_LONG_STEP, SEVERAL_LONG_STEPS, MANY_LONG_STEPS])
@pytest.mark.parametrize("width", [16, 64])
def test_a_server_that_starts_with_long_steps_is_not_taken_for_a_full_one(rows: list[Row], width: int) -> None:
    assert min(played_back(rows, width)) == width


@pytest.mark.parametrize("running, waiting", [(1, 23), (2, 25), (0, 9)])
def test_a_server_that_counts_no_steps_is_full_only_when_its_seats_were_given_anew(running: int, waiting: int) -> None:
    """Readings that cut the width of real runs from 64 to 2-4."""
    adaptive = AdaptiveWidth(64)
    for _ in range(20):
        adaptive.read(Reading(running + waiting, None, False, load=load(running, waiting)))
    assert adaptive.width == 64


def test_the_same_reading_seen_again_says_nothing() -> None:
    adaptive = AdaptiveWidth(64)
    said = ServerLoad(8, 56, 0.1, 0, generated=100, steps=10)
    for _ in range(20):
        adaptive.read(Reading(64, 0.0, True, load=said, ended=8))
    assert adaptive.width == 64


def test_a_queue_is_shortened_by_steps_and_never_below_what_ran() -> None:
    adaptive = AdaptiveWidth(100)
    adaptive.read(Reading(40, None, False, load=load(40), ended=40))
    seen = [adaptive.read(Reading(100, None, True, load=load(10, 60), ended=10)) for _ in range(12)]
    assert seen[1:4] == [100, 70, 70] and min(seen) == 50


def test_what_ran_long_ago_is_forgotten() -> None:
    adaptive = AdaptiveWidth(100)
    adaptive.read(Reading(40, None, False, load=load(40), ended=40))
    seen = [adaptive.read(Reading(100, None, True, load=load(10, 60), ended=10)) for _ in range(100)]
    assert seen[-1] <= 20


def test_it_recovers_from_a_queue_by_doubling() -> None:
    adaptive = AdaptiveWidth(64)
    for _ in range(60):
        adaptive.read(Reading(adaptive.width, 400.0, True, load=load(4, adaptive.width - 4), ended=4))
    assert adaptive.width <= 8
    noise = (900.0, 300.0, 800.0, 200.0, 900.0)  # the rate does not matter: it was as wide before
    seen = [adaptive.read(Reading(adaptive.width, rate, True, load=load(adaptive.width), ended=4)) for rate in noise]
    assert seen[:3] == [2 * 6, 4 * 6, 8 * 6] and seen[-1] >= 64


def test_a_server_of_replicas_of_which_none_runs_anything_is_not_full() -> None:
    adaptive = AdaptiveWidth(128)
    for step in range(20):
        said = ServerLoad(0, 9, 0.0, 0, generated=step + 1, steps=step)
        adaptive.read(Reading(9, None, False, load=said, ended=1))
    assert adaptive.width == 128


def test_nothing_changes_while_the_server_says_nothing() -> None:
    adaptive = AdaptiveWidth(64)
    adaptive.read(Reading(64, 6400.0, True, load=load(64, kv=0.97)))
    assert {adaptive.read(Reading(64, None, True)) for _ in range(20)} == {64}
