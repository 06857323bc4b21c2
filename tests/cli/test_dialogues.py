"""What `clemsim show RUN EPISODE` prints: paired asks, what became of each reply, and the drawing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clemsim.cli.view.transcripts import transcript
from clemsim.game.events import Asked, Replied
from clemsim.results.dialogue.read import dialogue_of
from tests.cli.conftest import Clemsim
from tests.results.dialogue.talks import KEY, events
from tests.terminal import shown

CONNECT_FOUR = Path(__file__).parents[2] / "examples" / "cookbook" / "connect_four.py"


def test_asks_of_one_batch_stand_with_their_answers_and_what_became_of_them() -> None:
    costs = {1: {"model": "m", "seconds": 1.5, "tokens_in": 10, "tokens_cached": 4, "tokens_out": 6, "retries": 2}}
    about: dict[str, Any] = {"metrics": {"Main Score": 50.0}, "instance": {"seed": 7, "word": "dog"}, "run_seed": 3}
    text = shown(transcript(dialogue_of(KEY, events(), costs=costs, **about)))
    order = [
        "2 asked at once: a, b",
        "turn 1: a is asked",
        "VOTE: yes",
        "10 in (4 cached), 6 out, 1.50 s, 2 retries",
        "✓ yes",
        "turn 2: b is asked",
        "✗ breaks the format",
        "; asked again in turn 3",
        "turn 3: b is asked",
        "turn 4: a is asked, aside",
        "· count: a: 1, b: 2",
        "stock returns",
        "turn 7: b goes on",
        "b forgets all but the last 1 exchanges",
        "to a, b",
        "It is over.",
        "scores: a 1, b 0",
        "success (quality 50.00): counted",
        "scores: Main Score 50",
        "seats: a one, b two",
        "word: dog",
        "seed: 7 of the instance, 3 of the run",
    ]
    places = [text.find(line) for line in order]
    assert -1 not in places, order[places.index(-1)]
    assert places == sorted(places)
    assert "\x1b" not in text and "\u202e" not in text and "<script>" in text


def test_reasoning_is_folded_to_a_line_unless_asked_for() -> None:

    thoughts = "first thought " * 40 + "last thought"
    dialogue = dialogue_of(KEY, [Asked(1, "a", "Well?"), Replied(1, "a", "yes", thoughts)])
    folded, whole = shown(transcript(dialogue)), shown(transcript(dialogue, reasoning=True))
    assert "a thinks: first thought" in folded and "last thought" not in folded and "--reasoning shows them" in folded
    assert "last thought" in " ".join(whole.split()) and "unfinished" in whole


def test_show_what_a_seat_saw(clemsim: Clemsim) -> None:
    assert clemsim("run", "--arena", "privateshared", "--instances", 1, "--agent", "baseline", "--out", "r").code == 0
    printed = clemsim("show", "r", "1", "--seen", "answerer").out
    assert "assistant, turn 1, aside" in printed and "assistant, turn 6 " in printed and "answerer is asked" not in printed
    wrong = clemsim("show", "r", "1", "--seen", "judge")
    assert wrong.code == 2 and "has no seat 'judge': choose one of answerer" in wrong.err


def test_show_draws_the_game_below_the_dialogue(clemsim: Clemsim) -> None:
    assert clemsim("run", "--arena", "wordle", "--instances", 1, "--agent", "baseline", "--out", "r").code == 0
    printed = clemsim("show", "r", "1").out
    assert "Guesses" in printed and "right letter, right place" in printed and "target: " in printed


def test_the_game_of_a_file_is_drawn_and_told_why_not_where_its_code_has_changed(clemsim: Clemsim, tmp_path: Path) -> None:
    game = tmp_path / "four.py"
    game.write_text(CONNECT_FOUR.read_text())
    command = ("--arena", f"{game}:ConnectFour", "--agent", f"{game}:Careful", "--instances", 1)
    assert clemsim("run", *command, "--out", "r").code == 0
    assert "Board\n" in clemsim("show", "r", "1").out
    game.write_text(f"{CONNECT_FOUR.read_text()}\n# another\n")
    printed = " ".join(clemsim("show", "r", "1").out.split())
    assert "not drawn: " in printed and "is not the code that" in printed and "turn 1: red is asked" in printed


def test_two_episodes_of_one_label_are_told_apart_by_their_agent(clemsim: Clemsim) -> None:
    agents = ("--agent", "baseline", "--agent", "random")
    assert clemsim("run", "--arena", "wordle", "--instances", 1, *agents, "--out", "r").code == 0
    printed = clemsim("show", "r", "wordle/high_frequency/0").out
    assert "wordle/high_frequency/0 · baseline ─" in printed and "wordle/high_frequency/0 · random ─" in printed
