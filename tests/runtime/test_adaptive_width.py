"""The adaptive width: readings in, widths out."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from clemsim.engines.load import ServerLoad
from clemsim.runtime.adaptive_width import AdaptiveWidth, Reading

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
