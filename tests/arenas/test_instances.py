"""The committed instances: made by their generators, in the sizes of clembench v1.6; and fresh ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from clemsim_arenas.fiveletters.draw import clues
from clemsim_arenas.privateshared.slots import Slots

from clemsim.arena import find_arena
from clemsim.catalog.generators import GeneratorOptions, to_jsonl
from clemsim.catalog.plugins import registered
from clemsim.catalog.suites import load_suite
from clemsim.errors import UsageError
from clemsim.game.instances import Instance

WORDS = {"high_frequency": 10, "medium_frequency": 20}
ADVENTURES = ["home_deliver_three_basic_hard_invlimittwo", "new-words_home-delivery_easy_basic_easy"]
ADVENTURES += [
    "new-words_home-delivery_medium_basic_medium",
    "new-words_created_basic_hard",
    "potion_brewing_basic_undefined",
]
CODENAMES = ["risk_low", "risk_high", "association_easy", "association_difficult", "opponent_none", "opponent_easy"]
CODENAMES += ["opponent_difficult", "frequency_low", "frequency_high", "unambiguous", "ambiguous", "concrete", "abstract"]
SIZES = {
    "adventuregame": dict.fromkeys(ADVENTURES, 8),
    "codenames": dict.fromkeys(CODENAMES, 10),
    "clean_up": {f"{how}_{count}obj_en": 3 for how in ("0_easy", "1_medium", "2_hard") for count in (3, 5, 7)},
    "dond": {"coop_en": 20, "semi_en": 20},
    "hot_air_balloon": {
        f"{name}_{how}_en": 6 for name in ("negotiation", "reasoning_off", "complexity") for how in ("easy", "hard")
    },
    "taboo": {"high_en": 20, "medium_en": 20, "low_en": 20},
    "wordle": WORDS,
    "wordle_withclue": WORDS,
    "wordle_withcritic": WORDS,
    "imagegame": {"compact_grids": 20, "random_grids": 20},
    "referencegame": dict.fromkeys(("rows", "columns", "diagonals", "letters", "shapes", "random"), 30),
    "privateshared": dict.fromkeys(("travel-booking", "job-interview", "restaurant", "things-places", "letter-number"), 10),
    "guesswhat": dict.fromkeys([f"{name}_{level}" for name in ("Level", "Abs_Level") for level in (1, 2, 3)], 10),
    "matchit_ascii": dict.fromkeys(("same_grid", "similar_grid_1", "similar_grid_2", "different_grid"), 10),
    "textmapworld": dict.fromkeys(("small", "medium", "large", "medium_cycle", "large_cycle"), 10),
    "textmapworld_graphreasoning": dict.fromkeys(("small", "medium", "large"), 10),
    "textmapworld_specificroom": dict.fromkeys(("on", "close", "far"), 10),
}


LANGUAGES = {"clean_up": "en, de, zh-CN, it", "dond": "en, de, it", "hot_air_balloon": "en, de, it"}


def generated(name: str, wanted: GeneratorOptions) -> Sequence[Instance]:
    found: Sequence[Instance] = registered("generators")[name].load()(wanted)
    return found


def committed(name: str) -> list[Any]:
    return find_arena(name)().instances()


@pytest.mark.parametrize("name", registered("arenas"))
def test_the_generator_gives_the_committed_file(name: str) -> None:
    text = find_arena(name)().resources.text("instances.jsonl")
    assert to_jsonl(generated(name, GeneratorOptions(1))) == text
    assert to_jsonl(generated(name, GeneratorOptions(2))) != text


@pytest.mark.parametrize("name", registered("arenas"))
def test_sizes(name: str) -> None:
    instances = committed(name)
    assert Counter(instance.experiment for instance in instances) == SIZES[name]
    assert len({instance.label for instance in instances}) == len(instances)


@pytest.mark.parametrize("name", registered("arenas"))
def test_counts_and_languages_are_options(name: str) -> None:
    assert Counter(each.experiment for each in generated(name, GeneratorOptions(3, 2))) == dict.fromkeys(SIZES[name], 2)
    with pytest.raises(UsageError, match=f"no texts in language 'xx', only in {LANGUAGES.get(name, 'en')}"):
        generated(name, GeneratorOptions(3, 2, "xx"))
    with pytest.raises(UsageError, match="1000000 instances of an experiment cannot be drawn: choose a count from 1 to"):
        generated(name, GeneratorOptions(3, 1_000_000))


@pytest.mark.parametrize("name", ["wordle", "wordle_withclue", "wordle_withcritic"])
def test_the_wordle_games_know_enough_words(name: str) -> None:
    arena = find_arena(name)()
    assert len(arena.resources.words) >= 10_000
    assert {instance.target for instance in committed(name)} <= arena.resources.words


def test_no_clue_gives_its_word_away() -> None:
    assert len(clues()) > 1000
    assert all(word not in clue.lower() for word, clue in clues().items())


def test_pictures_are_grids_of_one_letter() -> None:
    for picture in committed("imagegame"):
        rows = [line.split(" ") for line in picture.target.splitlines()]
        assert [len(row) for row in rows] == [5] * 5
        assert len({cell for row in rows for cell in row} - {"▢"}) == 1


def test_pairs_of_grids_differ_as_their_experiment_says() -> None:
    for pair in committed("matchit_ascii"):
        apart = sum(one != other for one, other in zip(pair.grid_a, pair.grid_b, strict=True))
        assert (apart == 0) is (pair.solution == "same grid") is (pair.experiment == "same_grid")
        assert pair.experiment != "similar_grid_2" or apart == 2
        assert pair.experiment != "different_grid" or apart >= 5


def test_no_value_of_a_private_table_holds_another() -> None:
    for private in committed("privateshared"):
        assert isinstance(private, Slots)
        values = [value.lower() for value in private.slots.values()]
        assert not any(one in other for one in values for other in values if one is not other)
        assert {request.slot for request in private.requests} == set(private.slots)
        assert [set(probes) for probes in private.probes] == [set(private.slots)] * (len(values) + 1)


def test_the_paper_suite_has_420_episodes() -> None:
    assert sum(len(committed(name)) for name in load_suite("paper").arenas) == 420


def test_the_bundled_suite_of_v3_has_its_composition() -> None:
    suite = load_suite("clembench-v3")
    game = suite.game(find_arena("referencegame"))
    found = suite.instances(game)
    assert (game.rules_name, suite.rules) == ("v3.0", "v3.0")
    assert Counter(each.experiment for each in found) == dict.fromkeys(
        ("letters", "numbers", "rows", "columns", "random"), 18
    )
    assert to_jsonl(found) == to_jsonl(generated("referencegame", GeneratorOptions(1, rules="v3.0")))


def test_rules_without_a_composition() -> None:
    with pytest.raises(UsageError, match=r"there is no rule set .v9.: choose one of v1\.6, v3\.0"):
        generated("referencegame", GeneratorOptions(1, rules="v9"))
