"""The committed instances: made by their generators, in the sizes of clembench v1.6."""

from __future__ import annotations

from collections import Counter
from importlib import import_module

import pytest

from clemsim.generating import written
from clemsim.registry import find_arena

SIZES = {
    "taboo": {"high_en": 20, "medium_en": 20, "low_en": 20},
    "wordle": {"high_frequency": 10, "medium_frequency": 20},
    "referencegame": dict.fromkeys(("rows", "columns", "diagonals", "letters", "shapes", "random"), 30),
}


@pytest.mark.parametrize("name", SIZES)
def test_the_generator_gives_the_committed_file(name: str) -> None:
    generate = import_module(f"clemsim_arenas.{name}.generate").generate
    committed = find_arena(name)().resources.text("instances.jsonl")
    assert written(generate(1)) == committed
    assert written(generate(2)) != committed


@pytest.mark.parametrize(("name", "sizes"), SIZES.items())
def test_sizes(name: str, sizes: dict[str, int]) -> None:
    instances = find_arena(name)().instances()
    assert Counter(instance.experiment for instance in instances) == sizes
    assert len({instance.label for instance in instances}) == len(instances)


def test_wordle_knows_enough_words() -> None:
    arena = find_arena("wordle")()
    assert len(arena.resources.words) >= 10_000
    assert {instance.target for instance in arena.instances()} <= arena.resources.words
