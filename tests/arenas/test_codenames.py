"""The rules of codenames, one by one, and the table of nouns behind them."""

from __future__ import annotations

from typing import Any

import pytest
from clemsim_arenas.codenames.board import KINDS, Deal
from clemsim_arenas.codenames.clembench import CodenamesPort
from clemsim_arenas.codenames.game import Codenames
from clemsim_arenas.codenames.gamelog import FLAGS, STRIP, CodenamesLog
from clemsim_arenas.codenames.generate import EXPERIMENTS, generate, lists
from clemsim_arenas.nouns.lemmas import lemma, nouns

from clemsim.catalog.generators import GeneratorOptions
from clemsim.game.transcript import Transcript
from clemsim.testing import drive

ARENA = Codenames()
WORDS: dict[str, tuple[str, ...]] = {
    "team": ("queen", "king"),
    "opponent": ("apple", "cloud"),
    "innocent": ("river",),
    "assassin": ("stone",),
}
DEAL = Deal(words=("king", "apple", "river", "queen", "stone", "cloud"), **WORDS)


def play(*replies: str, **fields: Any) -> Transcript[Deal]:
    return drive(ARENA, DEAL.model_copy(update=fields), replies)  # type: ignore[return-value]


def clue(word: str, *targets: str) -> str:
    return f"CLUE: {word}\nTARGETS: {', '.join(targets)}"


def ended(transcript: Transcript[Deal]) -> tuple[str, str | None, str]:
    assert transcript.outcome is not None
    return transcript.outcome.kind, transcript.outcome.blame, transcript.outcome.reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("CLUE: crown\n\nTARGETS: king", "rambling error"),
        ("clue: crown\nTARGETS: king", "prefix error"),
        ("CLUE: crown", "prefix error"),
        (clue("crown, 2", "king"), "clue line contains the number of targets"),
        (clue("a crown", "king"), "clue contains spaces"),
        (clue("Kings", "king"), "clue is morphologically related to word on the board"),
        (clue("crown", "prince"), "target is hallucination"),
        (clue("crown", "king", "king"), "target appears more than once"),
        (clue("crown", "king", "", "queen"), "target is hallucination"),
    ],
)
def test_what_is_no_clue(reply: str, reason: str) -> None:
    kind, blame, told = ended(play(reply))
    assert (kind, blame) == ("aborted", "cluegiver") and told.startswith(reason)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        ("GUESS: king\n", ""),
        ("GUESS: king\nGUESS: queen", "rambling error"),
        ("I GUESS: king", "prefix error"),
        ("GUESS: king, queen", "wrong number of guesses"),
        ("GUESS: crown", "guess is clue word"),
        ("GUESS: prince", "guess is hallucination"),
    ],
)
def test_what_is_no_guess(reply: str, reason: str) -> None:
    replies = [clue("crown", "king"), reply] + ([] if reason else ["no"])
    assert ended(play(*replies))[2].startswith(reason or "prefix error")


def test_a_clue_is_compared_before_digits_are_taken_off() -> None:
    played = play(clue("king1", "king"), "no")
    assert "The clue is: king\n" in played.turns[1].asked.content


def test_a_number_of_targets_is_booked_on_the_guesser_and_blamed_on_the_cluegiver() -> None:
    played = play(clue("crown, 2", "king"))
    (scores,) = ARENA.rounds(played)
    assert (scores["Cluegiver validation error"], scores["Guesser validation error"]) == (0, 1)


def test_the_cluegiver_sees_the_opponents_words_of_before_its_turn() -> None:
    played = play(clue("crown", "queen"), "GUESS: queen", clue("crown", "apple"), reveals=[["apple"]])
    assert "Words of the opponent: apple, cloud" in played.turns[2].asked.content
    assert ended(played)[2].startswith("target is hallucination")


def test_a_game_that_the_opponent_has_won_ends_with_the_next_clue() -> None:
    replies = [clue("crown", "queen"), "GUESS: queen"]
    assert ended(play(*replies, clue("crown", "king"), pace=2))[0] == "failure"
    assert ended(play(*replies, "no clue", pace=2))[0] == "aborted"


def test_the_opponents_last_word_and_an_assassin_lose() -> None:
    assert ended(play(clue("fruit", "apple", "cloud"), "GUESS: apple", clue("sky", "cloud"), "GUESS: cloud", pace=0)) == (
        "failure",
        None,
        "the opponent's words are all turned over",
    )
    played = play(clue("crown", "queen", "king"), "GUESS: stone, king")
    assert ended(played) == ("failure", "guesser", "an assassin was turned over")
    scores = ARENA.metrics(played)
    assert (scores["Game ended through assassin"], scores["Number of turns"], scores["Efficiency"]) == (1, 2, 0.5)


def test_what_the_opponent_turns_over_is_the_instances_chance() -> None:
    replies = [clue("crown", "queen"), "GUESS: queen", "no"]
    told = [list(play(*replies, seed=seed).notes("opponent")) for seed in range(8)]
    assert {word for ((word,),) in told} == {"apple", "cloud"}
    assert told == [list(play(*replies, seed=seed).notes("opponent")) for seed in range(8)]


def test_the_log_gives_back_what_the_opponent_turned_over() -> None:
    event = {"action": {"type": "opponent revealed", "content": {"word": "apple", "assignment": "opponent"}}}
    told = CodenamesLog().texts_of({}, {"turns": [[], [event], []]})
    data = {"board": DEAL.words, "assignments": WORDS}
    flags = {flag: flag == STRIP for flag in FLAGS}
    deal = ARENA.load(CodenamesPort().instance({"opponent difficulty": 1, "flags": flags}, data, told))
    assert deal.reveals == (("apple",), ())
    with pytest.raises(ValueError, match="only its strict mode is played"):
        CodenamesPort().instance({"flags": dict.fromkeys(FLAGS, True)}, data, told)


@pytest.mark.parametrize(
    ("word", "base"),
    [
        *(("dogs", "dog"), ("buses", "bus"), ("wolves", "wolf"), ("women", "woman"), ("men", "men"), ("us", "u")),
        *(("catss", "catss"), ("running", "running"), ("children", "child"), ("boxes", "box"), ("ponies", "pony")),
        *(("", ""), ("qqq", "qqq")),
    ],
)
def test_base_forms(word: str, base: str) -> None:
    assert lemma(word) == base


def test_words_of_a_table_have_base_forms_of_their_own() -> None:
    assert len(nouns()) == 57_506
    every = [word for name, words in lists().items() if name != "categories" for word in words]
    assert all(lemma(word) == word and word.isascii() and word.isalpha() for word in every)
    for deal in generate(GeneratorOptions(5, 3)):
        kinds = [word for kind in KINDS for word in getattr(deal, kind)]
        assert len(set(kinds)) == 25 and set(kinds) == set(deal.words)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_experiments_have_the_sizes_of_clembench(name: str) -> None:
    deals = [deal for deal in generate(GeneratorOptions(2, 1)) if deal.experiment == name]
    sizes = {"risk_low": (9, 8, 8, 0), "risk_high": (9, 8, 3, 5)}.get(name, (9, 8, 7, 1))
    assert [tuple(len(getattr(deal, kind)) for kind in KINDS) for deal in deals] == [sizes]
    assert deals[0].pace == {"opponent_none": 0, "opponent_difficult": 2}.get(name, 1)
