"""The rules of clean_up, one by one."""

from __future__ import annotations

from typing import Any

import pytest
from clemsim_agents.scripted import make_baseline
from clemsim_arenas.clean_up.clembench import CleanUpPort
from clemsim_arenas.clean_up.draw import draw_room
from clemsim_arenas.clean_up.game import REASKS, CleanUp
from clemsim_arenas.clean_up.gamelog import CleanUpLog
from clemsim_arenas.clean_up.generate import DIFFICULTIES, generate
from clemsim_arenas.clean_up.reading import COMMANDS, MovedObject, NoCommand, SaidMessage, read_command
from clemsim_arenas.clean_up.room import Room

from clemsim.catalog.generators import GeneratorOptions
from clemsim.catalog.kinds import AgentOptions
from clemsim.errors import BadInstance
from clemsim.game.seeds import dice
from clemsim.game.transcript import Transcript
from clemsim.testing import drive

ARENA = CleanUp()
PLAYSCHOOL = CleanUp(rules="playschool")
ROOM = Room(
    background=("╔═╤══╗", "║◌│◌◌║", "║◌│◌◌║", "╚═╧══╝"),
    objects=({"C": (1, 1), "L": (3, 2)}, {"C": (3, 1), "L": (4, 2)}),
    penalties=2,
    rounds=3,
)
HELLO, OK, ASK, AGREE = "SAY: Hello", "SAY: OK", "SAY: finished?", "SAY: finished!"


def play(*replies: str, arena: CleanUp = ARENA, **fields: Any) -> Transcript[Room]:
    return drive(arena, ROOM.model_copy(update=fields), replies)  # type: ignore[return-value]


def kind(*replies: str, arena: CleanUp = ARENA) -> tuple[str, str]:
    outcome = play(*replies, arena=arena).outcome
    assert outcome is not None
    return outcome.kind, outcome.reason


@pytest.mark.parametrize(
    ("reply", "command"),
    [
        ("SAY: a", SaidMessage("a")),
        ("```SAY:  a\r`b` ```", SaidMessage(" a\rb")),
        ("MOVE: C, (1,02)", MovedObject("C", "1", "02")),
        ("MOVE: a\nb, (\u0661, 2)", MovedObject("a\nb", "\u0661", "2")),
    ],
)
def test_what_is_a_command(reply: str, command: object) -> None:
    assert read_command(reply, COMMANDS["en"], must_say=False) == command


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        ("", "invalid_format"),
        ("say: a", "invalid_format"),
        ("SAY: ", "invalid_format"),
        ("MOVE: C, (1, 2", "invalid_format"),
        ("MOVE: , (1, 2)", "invalid_format"),
        ("MOVE: C, (1,  2)", "invalid_format"),
        ("Well. SAY: a", "head"),
        ("SAY: a SAY: b", "head"),
        ("SAY: a\nb", "tail"),
        ("MOVE: C, (1, 2).", "tail"),
        ("```text\nMOVE: C, (1, 2)\n```", "head"),
        ("1. MOVE: C, (1, 2)!", "head_tail"),
        ("SAY: I did MOVE: C, (1, 2)", "several_commands"),
    ],
)
def test_what_is_none(reply: str, fault: str) -> None:
    with pytest.raises(NoCommand, match=f"^{fault}$"):
        read_command(reply, COMMANDS["en"], must_say=False)


def test_the_game_begins_with_a_message() -> None:
    with pytest.raises(NoCommand, match="invalid_start"):
        read_command("MOVE: C, (1, 2)", COMMANDS["en"], must_say=True)


@pytest.mark.parametrize("language", COMMANDS)
def test_each_language_has_its_commands(language: str) -> None:
    commands = COMMANDS[language]
    assert read_command(commands.moved("C", 1, 2), commands, must_say=False) == MovedObject("C", "1", "2")
    assert read_command(f"{commands.say}a", commands, must_say=True) == SaidMessage("a")


def test_chinese_commands_are_of_full_or_half_width() -> None:
    commands = COMMANDS["zh-CN"]
    assert read_command("移动: C, (1，2）", commands, must_say=False) == MovedObject("C", "1", "2")
    assert read_command("发送: 好", commands, must_say=False) == SaidMessage("好")
    with pytest.raises(NoCommand, match="tail"):
        read_command("发送： \n好", commands, must_say=False)  # the blank is the message


def test_hostile_tags_take_no_time() -> None:
    for reply in ("MOVE: " * 16_000 + ", (" + "1" * 9000, "SAY: \n" * 16_000, "MOVE: C, (" * 9000, "SAY: MOVE: " * 9000):
        with pytest.raises(NoCommand):
            read_command(reply, COMMANDS["en"], must_say=False)


@pytest.mark.parametrize(
    ("move", "told"),
    [
        ("MOVE: c, (1, 2)", "no object 'c'"),
        ("MOVE: C, (7, 1)", "(7, 1) is not on the board"),
        ("MOVE: C, (" + "9" * 5000 + ", 1)", "is not on the board"),
        ("MOVE: C, (2, 1)", "there is '│'"),
        ("MOVE: C, (0, 0)", "there is '╔'"),
        ("MOVE: C, (1, 1)", "there is 'C'"),
        ("MOVE: C, (03, 2)", "(3, 2) is not free; there is 'L'"),
    ],
)
def test_moves_that_can_not_be_made_are_penalties(move: str, told: str) -> None:
    played = play(HELLO, OK, move, ASK, AGREE)
    assert told in played.turns[3].asked.content and "1 of 2 penalties" in played.turns[3].asked.content
    scores, rounds = ARENA.scores(played)
    assert [scores[name] for name in ("Invalid Moves", "Parse Errors", "Violated Request Count")] == [1, 0, 0]
    assert [counts["Request Count"] for counts in rounds] == [2, 3]


def test_the_scores_of_a_game() -> None:
    played = play(HELLO, "MOVE: C, (3, 2)", "MOVE: C, (3, 1)", "x", "MOVE: C, (3, 1)", ASK, AGREE)
    scores, _ = ARENA.scores(played)
    counts = ("Shifts", "Min Shifts", "Max Shifts", "Rounds", "Penalties", "Valid Moves", "Parse Errors")
    assert [scores[name] for name in counts] == [0, 1, 2, 3, 1, 3, 1]
    assert scores["Init Distance Sum"] == 3 and scores["End Distance Sum"] == 1 and "Consistency Score" not in scores
    assert scores["Coverage Score"] == pytest.approx(4 / 9) and scores["Penalty Score"] == pytest.approx(1.5 - 1 / 1.5)
    expected = scores["Expected Distance Sum"] or 0
    assert scores["Main Score"] == pytest.approx((1 - 1 / expected + 1 - 1 / 3) / 2 * (1.5 - 1 / 1.5) * 100)
    assert [scores["Success"], scores["Lose"]] == [1, 0]


def test_a_success_far_apart_is_lost_too() -> None:
    room: dict[str, Any] = {"objects": ({"C": (1, 1), "L": (1, 2)}, {"C": (1, 2), "L": (4, 2)})}
    played = play(HELLO, "MOVE: C, (4, 1)", OK, ASK, AGREE, **room)
    scores, _ = ARENA.scores(played)
    assert [scores[name] for name in ("Success", "Lose", "Main Score")] == [1, 1, 0]


def test_only_the_question_marks_a_seat_and_by_playschool_the_answer_too() -> None:
    assert kind(HELLO, "SAY: Are we finished? I think so", "SAY: We are finished!")[0] == "success"
    assert kind(HELLO, ASK, OK, OK, AGREE) == ("success", "both agree to end")
    both = (HELLO, AGREE, AGREE)
    assert kind(*both, arena=PLAYSCHOOL) == ("success", "both agree to end")
    assert kind(*both, OK, OK, OK)[1] == "the rounds are over"
    assert kind(ASK, AGREE) == ("success", "both agree to end")


def test_penalties_count_when_a_round_ends_and_by_playschool_at_each_reply_without_a_command() -> None:
    assert kind(HELLO, "a", "b", "c", OK) == ("aborted", "too many penalties")
    assert kind(ASK, "a", "b", "c", AGREE)[0] == "aborted"
    assert kind(HELLO, ASK, "a", "b", "c", AGREE)[0] == "success"
    assert kind(HELLO, "a", "b", "c", arena=PLAYSCHOOL) == ("aborted", "invalid format")
    illegal = ["MOVE: C, (2, 1)"] * 3
    assert kind(HELLO, *illegal, OK)[0] == "aborted"
    assert kind(HELLO, *illegal, ASK, AGREE, arena=PLAYSCHOOL)[0] == "success"
    aborted = ["Lose", "Parse Errors", "Main Score"]
    assert [ARENA.scores(play(HELLO, "a", "b", "c", OK))[0][name] for name in aborted] == [1, 3, None]
    assert [PLAYSCHOOL.scores(play(HELLO, "a", "b", "c", arena=PLAYSCHOOL))[0][name] for name in aborted] == [0, 6, None]


def test_a_seat_that_never_gives_a_command_has_aborted() -> None:
    outcome = play(*["x"] * (REASKS + 1)).outcome
    assert outcome and (outcome.kind, outcome.blame) == ("aborted", "first")


def test_twice_the_penalties_leave_no_score() -> None:
    played = play(HELLO, ASK, "a", "b", "c", "d", AGREE)
    assert played.outcome and (played.outcome.kind, played.outcome.blame) == ("aborted", "first")
    assert ARENA.scores(played)[0]["Penalty Score"] is None
    more = play(HELLO, ASK, *"abcde", AGREE)
    assert more.outcome and more.outcome.kind == "success" and 0 <= (more.outcome.quality or 0) <= 100


def test_own_texts_have_the_right_number_of_the_round() -> None:
    asks = [turn.asked.content for turn in play(HELLO, OK, OK, OK, OK, OK).turns]
    assert ["round 2 of 3" in ask for ask in asks[2:4]] == [True, True] and "round 3 of 3" in asks[4]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"objects": ({"C": (2, 1)}, {"C": (1, 1)})}, "does not lie on a free cell"),
        ({"objects": ({"C": (9, 9)}, {"C": (1, 1)})}, "does not lie on a free cell"),
        ({"objects": ({"C": (1, 1)}, {"L": (1, 2)})}, "do not have the same objects"),
        ({"objects": ({"C": (1, 1)}, {"C": (1, 1)})}, "lie together from the start"),
        ({"background": ("╔", "║◌")}, "not of one length"),
    ],
)
def test_a_room_that_is_none(change: dict[str, Any], text: str) -> None:
    with pytest.raises(BadInstance, match=text):
        ARENA.load({**ROOM.model_dump(), **change})


def test_a_room_comes_back_from_clembench_as_it_was() -> None:
    told = CleanUpLog().instance(ARENA, ROOM)
    again = ARENA.load(CleanUpPort().instance({}, told, {}))
    assert again.model_copy(update={"texts": {}}) == ROOM
    assert drive(ARENA, again, [ASK, AGREE]).events == play(ASK, AGREE).events
    for change, text in (({"say_pattern": "(a+)+"}, "of no language"), ({"modality": "image"}, "only the game of text")):
        with pytest.raises(ValueError, match=text):
            CleanUpPort().instance({}, {**told, **change}, {})


@pytest.mark.parametrize("language", COMMANDS)
async def test_the_baseline_plays_in_every_language(language: str) -> None:
    results = await ARENA.run(generate(GeneratorOptions(4, 1, language)), make_baseline("", AgentOptions()))
    assert all(result.outcome and result.outcome.quality == 100 for result in results)


def test_every_language_has_all_texts() -> None:
    names = [set(ARENA.wordings(ROOM.model_copy(update={"language": language}))) for language in COMMANDS]
    assert all(each == names[0] for each in names)


@pytest.mark.parametrize("name", DIFFICULTIES)
def test_rooms_have_the_cells_and_branches_of_their_difficulty(name: str) -> None:
    wanted = DIFFICULTIES[name]
    text = "".join(draw_room(dice("test", name), wanted.free, wanted.branches))
    assert text.count("◌") == wanted.free and sum(text.count(piece) for piece in "├┤┬┴┼╤╧╟╢") == wanted.branches
