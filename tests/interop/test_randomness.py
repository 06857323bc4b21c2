"""The global random numbers of games that are played as they are: each episode's own, and nobody else's."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy
import pytest

from clemsim.interop.foreign.randomness import Randomness


@pytest.mark.parametrize("draw", [random.random, numpy.random.random, lambda: numpy.random.randint(10**9)])
def test_each_episode_draws_its_own_random_numbers(draw: Callable[[], float]) -> None:
    def draws(one: Randomness, other: Randomness | None = None) -> list[float]:
        drawn = []
        for _ in range(3):
            with one.own():
                drawn.append(draw())
            if other:
                with other.own():
                    draw()
        return drawn

    def seed() -> None:
        random.seed(1)
        numpy.random.seed(1)

    seed()
    outside = draw()
    seed()
    alone = draws(Randomness(7))
    assert draws(Randomness(7), Randomness(8)) == alone != draws(Randomness(8))
    assert draw() == outside


def test_it_begins_as_a_seed_of_the_global_generators_does_and_may_be_seeded_again() -> None:
    random.seed(7)
    numpy.random.seed(7)
    seeded = random.random(), numpy.random.random()
    own = Randomness(7)
    with own.own():
        assert (random.random(), numpy.random.random()) == seeded
        numpy.random.seed(7)
    with own.own():
        assert numpy.random.random() == seeded[1]


def test_it_goes_back_to_where_it_was() -> None:
    own = Randomness(7)
    fresh = own.copy()

    def drawn() -> tuple[float, float]:
        with own.own():
            return random.random(), numpy.random.random()

    first, state, second = drawn(), own.copy(), drawn()
    own.go_back(state)
    assert drawn() == second
    own.go_back(fresh)
    assert drawn() == first
