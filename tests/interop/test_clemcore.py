"""clembench's own game masters as arenas, played with the real clemcore where it is installed.

The slow test drives recorded results again: set CLEMSIM_TEST_CLEMBENCH to a checkout of clembench, and
CLEMSIM_TEST_CLEMBENCH_RESULTS to the results of one model (GAME/EXPERIMENT/instance_00000).
"""

from __future__ import annotations

import json
import os
import sys
from base64 import b64encode
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from clemsim import Agent, Arena, ArenaError, Instance, Message, Outcome, Table, UsageError, View, find_arena
from clemsim.catalog.trust import Trust, loaded_paths
from clemsim.errors import ParserError, ReplayMismatch
from clemsim.game.content import Image
from clemsim.game.events import Forgot, Told
from clemsim.game.transcript import Transcript
from clemsim.interop.clembench.master_export import master_files
from clemsim.interop.clembench.recorded import find_models, read_episode
from clemsim.interop.clemcore.conversation import SeatedPlayer
from clemsim.interop.clemcore.game import noted
from clemsim.interop.clemcore.images import check_saved, picture
from clemsim.testing import drive
from tests.pictures import png, shade

needs_clemcore = pytest.mark.skipif(
    find_spec("clemcore") is None or find_spec("greenlet") is None, reason="needs the extra `clembench`"
)
pytestmark = pytest.mark.filterwarnings("default")  # those of the library and of its games are not ours

MASTER = """
import random
from clemcore.backends import CustomResponseModel
from clemcore.clemgame import DialogueGameMaster, GameBenchmark, GameScorer, ParseError, Player
from helper import WORD, later


class Guesser(Player):
    def _custom_response(self, context):
        return "guess: heads"


class Tosser(Player):
    def __init__(self):
        super().__init__(CustomResponseModel())

    def _custom_response(self, context):
        return random.choice(["heads", "tails"])


class Coins(DialogueGameMaster):
    def _on_setup(self, **instance):
        self.sure = []
        self.left = instance["tosses"]
        self.toss = None
        self.guesser, self.tosser = Guesser(self.player_models[0]), Tosser()
        self.add_player(self.tosser, initial_context="toss")
        self.add_player(self.guesser)

    def _parse_response(self, player, response):
        if player is self.guesser and not response.startswith("guess: "):
            raise ParseError("no guess")
        return response.removeprefix("guess: ")

    def _advance_game(self, player, parsed):
        print("noise")
        if player is self.tosser:
            self.toss = parsed
            self.set_context_for(self.guesser, f"{WORD}? " + self.experiment["ask"] + " <image> ", image=["pics/coin.png"])
            return
        if parsed == "crash":
            raise ZeroDivisionError("crashed")
        self.sure.append(self.guesser({"role": "user", "content": "Sure?"}, memorize=False))
        self.left -= 1
        self.set_context_for(self.tosser, "toss")
        if self.left == 0:
            self.state.succeed() if parsed == self.toss else self.state.failed()

    def _on_parse_error(self, error):
        self.log_to_self("invalid format", error.reason)
        self.state.abort()

    def _on_after_game(self):
        from lazy import SURE
        for key, outcome in (("Aborted", "aborted"), ("Lose", "failure"), ("Success", "success")):
            self.log_key(key, int(self.state.outcome == outcome))
        self.log_key(SURE, self.sure)
        self.log_key("Toss", self.toss)


class Score(GameScorer):
    def compute_round_score(self, round_idx, round_events):
        self.log_round_score(round_idx, "Events", len(round_events))

    def compute_episode_scores(self, interactions):
        main = 100 if interactions["Success"] else -7.5
        self.log_episode_score("Main Score", main if not interactions["Aborted"] else float("nan"))
        self.log_episode_score("Last", interactions["Toss"])
        self.log_episode_score("Sure", interactions["Sure"].count("yes"))
        self.log_episode_score("Won", bool(interactions["Success"]))


class Bench(GameBenchmark):
    def create_game_master(self, experiment, player_models):
        return Coins(self.game_spec, experiment, player_models)

    def create_game_scorer(self, experiment, game_instance):
        return Score(self.game_name, experiment, game_instance)
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Two games whose modules have the same names, and one that lacks a module."""
    for name, word in (("coins", "Heads or tails"), ("medals", "Which side")):
        game = tmp_path / name
        (game / "in").mkdir(parents=True)
        (game / "pics").mkdir()
        (game / "pics" / "coin.png").write_bytes(png())
        (game / "master.py").write_text(MASTER)
        (game / "helper.py").write_text(f"WORD = {word!r}\ndef later():\n    pass\n")
        (game / "lazy.py").write_text("SURE = 'Sure'\n")
        (game / "clemgame.json").write_text(json.dumps({"game_name": name, "players": 2, "description": "Guess."}))
        experiment = {"name": "two", "ask": "Guess.", "game_instances": [{"game_id": n, "tosses": 2} for n in range(8)]}
        (game / "in" / "instances.json").write_text(json.dumps({"experiments": [experiment]}))
    (tmp_path / "needy").mkdir()
    (tmp_path / "needy" / "master.py").write_text("import sklearn_of_nobody.metrics\n")
    (tmp_path / "needy" / "clemgame.json").write_text(json.dumps({"game_name": "needy", "players": 1}))
    return tmp_path


def coins(checkout: Path, name: str = "coins") -> Arena[Any]:
    return find_arena(f"clembench:{checkout}/{name}")()


GUESSES = ["guess: heads", "yes", "guess: tails", "no"]


@needs_clemcore
def test_a_game_is_played_by_its_own_master_and_scored_by_its_own_scorer(
    checkout: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arena = coins(checkout)
    assert arena.seats == ("player_2",) and arena.foreign.startswith("clemcore 3.") and arena.name == "clembench:coins"
    transcript = drive(arena, arena.instances()[0], GUESSES)
    scores, rounds = arena.scores(transcript)
    assert transcript.outcome is not None
    won = transcript.outcome.kind == "success"
    assert (
        scores["Main Score"] == (100 if won else -7.5)
        and transcript.outcome.quality == 100 * won
        and scores["Won"] == won
        and scores["Sure"] == 1.0
        and "Last" not in scores
    )
    assert scores["Request Count"] == 4.0 and [own["Events"] for own in rounds] == [4.0, 4.0]
    assert capfd.readouterr() == ("", "")
    again = arena.drive(arena.instances()[0], transcript.key)
    again.replay(transcript.events)
    assert tuple(again.events) == transcript.events
    assert "helper" not in sys.modules and not any(str(checkout) in path for path in sys.path)


@needs_clemcore
def test_the_record_of_its_master_is_made_again_from_a_transcript(checkout: Path) -> None:
    arena: Any = coins(checkout)
    transcript = drive(arena, arena.instances()[0], GUESSES)
    record = arena.record(transcript)
    assert record.scores["episode scores"] == noted(transcript, "episode scores") and record.rounds == (0, 0, 1, 1)
    assert [event["from"] for event in record.interactions["turns"][0]] == ["GM", "Player 1", "GM", "Player 2"]
    files = master_files(record, transcript, "me-t0.0", {}, {"player_2": "me"})
    assert files["instance.json"] == {"game_id": 0, "tosses": 2}
    assert files["interactions.json"]["players"]["Player 2"]["model_name"] == "me"
    assert files["scores.json"]["episode scores"]["Sure"] == 1 and files["scores.json"]["meta"]["game_name"] == "coins"
    with pytest.raises(ReplayMismatch, match="goes on after what was its last turn"):
        arena.record(Transcript(transcript.key, transcript.instance, transcript.events[:6]))


@needs_clemcore
def test_what_a_player_does_not_remember_its_seat_forgets_and_pictures_reach_it(checkout: Path) -> None:
    arena = coins(checkout)
    driver = arena.drive(arena.instances()[0])
    seen = []
    for reply in GUESSES:
        ask = driver.pending[0]
        seen.append([message.content for message in driver.view(ask)])
        driver.answer(ask.turn, Message("player_2", reply))
    question, sure, second, _ = seen
    assert question[0].startswith("Heads or tails? Guess. \n[image: coin, 30x20 png")
    assert sure == [*question, "guess: heads", "Sure?"]
    assert second[:2] == sure[:2] and len(second) == 3


@needs_clemcore
def test_a_reply_without_a_guess_aborts_and_its_seat_is_blamed(checkout: Path) -> None:
    arena = coins(checkout)
    transcript = drive(arena, arena.instances()[0], ["hello"])
    assert transcript.outcome == Outcome.aborted("invalid format: no guess", blame="player_2")
    assert arena.scores(transcript)[0]["Main Score"] is None


@needs_clemcore
def test_modules_of_the_same_names_are_kept_apart_and_so_are_results_of_changed_games(checkout: Path) -> None:
    first, second = coins(checkout), coins(checkout, "medals")
    asks = [arena.drive(arena.instances()[0]).pending[0].asked.content for arena in (first, second, first)]
    assert [ask[:5] for ask in asks] == ["Heads", "Which", "Heads"]
    assert first.rules_version != second.rules_version


class _Guessing(Agent):
    name = "guessing"

    async def reply(self, view: View) -> Message:
        return Message(view.seat, "yes" if view.ask.content == "Sure?" else "guess: heads")


@needs_clemcore
async def test_many_play_at_once_as_if_each_played_alone(checkout: Path) -> None:
    arena = coins(checkout)
    results = await arena.run(arena.instances(), _Guessing(), width=8)
    together = [result.transcript.events for result in results]
    alone = [(await arena.run([instance], _Guessing()))[0].transcript.events for instance in arena.instances()]
    assert together == alone
    assert len({result.outcome.kind for result in results if result.outcome}) == 2  # heads and tails


@needs_clemcore
async def test_a_master_that_fails_at_a_reply_leaves_its_episode_unfinished_and_says_why(checkout: Path) -> None:
    arena = coins(checkout)
    driver = arena.drive(arena.instances()[0])
    with pytest.raises(ParserError, match="the game master of clembench:coins failed: ZeroDivisionError: crashed"):
        driver.answer(1, Message("player_2", "guess: crash"))


@needs_clemcore
def test_what_is_missing_is_said_in_one_line(checkout: Path) -> None:
    for spec, text in {
        f"{checkout}/needy": "needs the module sklearn_of_nobody: pip install sklearn_of_nobody",
        f"{checkout}/taboo": "has no game 'taboo' of clembench: it has coins, medals, needy",
        f"{checkout}/coins@instances_de": "has instances",
        f"{checkout}/nowhere/coins": "there is no folder",
        "coins": "write clembench:CHECKOUT/GAME",
    }.items():
        with pytest.raises(UsageError, match=text):
            find_arena(f"clembench:{spec}")


@needs_clemcore
def test_the_example_is_played_as_it_is() -> None:
    arena = find_arena(f"clembench:{Path(__file__).parents[2]}/examples/clembench_game")()
    transcript = drive(arena, arena.instances()[1], ["GUESS: 10", "GUESS: 8"])
    assert arena.name == "clembench:higherlower" and transcript.outcome == Outcome.success(50.0)
    assert arena.scores(transcript)[0]["Tries"] == 2.0


@pytest.mark.skipif(find_spec("clemcore") is not None, reason="clemcore is installed")
def test_without_clemcore_the_extra_is_named(checkout: Path) -> None:
    with pytest.raises(UsageError, match=r"a game of clembench needs the extra `clembench`"):
        find_arena(f"clembench:{checkout}/coins")


class _Remembering(Arena[Instance]):
    """Asks with whole conversations, as a player of clemcore does."""

    name = "remembering"
    seats = ("player_1",)
    asks: Sequence[tuple[Sequence[Mapping[str, Any]], bool]] = ()

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        seat = SeatedPlayer(table, "player_1", lambda name: shade(1))
        for messages, keep in self.asks:
            await seat.ask(messages, keep=keep)
        return Outcome.success()


def user(text: str, **more: object) -> dict[str, object]:
    return {"role": "user", "content": text, **more}


def said(text: str) -> dict[str, object]:
    return {"role": "assistant", "content": text}


def seen_by(*asks: tuple[Sequence[Mapping[str, Any]], bool]) -> tuple[list[list[str]], list[Any]]:
    arena = _Remembering()
    arena.asks = asks
    driver = arena.drive(Instance())
    views = []
    while driver.outcome is None:
        ask = driver.pending[0]
        views.append([f"{message.author}: {message.content}" for message in driver.view(ask)])
        driver.answer(ask.turn, Message("player_1", f" reply {ask.turn}"))
    return views, [event for event in driver.events if isinstance(event, Forgot | Told)]


def test_what_is_remembered_as_it_was_is_only_gone_on_with() -> None:
    views, told = seen_by(([user("a")], True), ([user("a"), said("reply 1"), user("b")], True))
    assert views[1] == ["moderator: a", "player_1:  reply 1", "moderator: b"] and told == []


def test_a_history_that_begins_before_the_first_ask_is_told() -> None:
    opening: list[dict[str, object]] = [{"role": "system", "content": "Be brief."}, user("facts"), said("Ok.")]
    views, _ = seen_by(([*opening, user("a")], False), ([*opening, user("b")], True), ([opening[0], user("c")], True))
    before = ["system: Be brief.", "moderator: facts", "player_1: Ok."]
    assert views == [[*before, "moderator: a"], [*before, "moderator: b"], [before[0], "moderator: c"]]


def test_a_history_that_was_changed_is_shown_as_it_is_now() -> None:
    changed = [user("A"), said("reply 1"), user("more"), user("b")]
    views, told = seen_by(([user("a")], True), (changed, True), ([user("c")], True))
    assert views[1] == ["moderator: A", "player_1: reply 1", "moderator: more", "moderator: b"]
    assert views[2] == ["moderator: c"]
    assert sum(isinstance(event, Forgot) for event in told) == 2


def test_what_was_told_without_a_reply_is_forgotten_too() -> None:
    views, _ = seen_by(([user("a"), user("b")], False), ([user("c")], True))
    assert views == [["moderator: a", "moderator: b"], ["moderator: c"]]


def test_pictures_are_found_wherever_their_names_begin(tmp_path: Path) -> None:
    game = tmp_path / "matchit"
    (game / "resources" / "web").mkdir(parents=True)
    (game / "resources" / "cat.png").write_bytes(png())
    (game / "resources" / "web" / "dog.png").write_bytes(png(9, 9))
    names = ("../clembench/matchit/resources/cat.png", "/Users/me/clembench/matchit/resources/cat.png", "resources/cat.png")
    assert {picture(name, tmp_path, game) for name in names} == {Image.file(game / "resources" / "cat.png", alt="cat")}
    assert picture("https://example.org/1/dog.png?size=9", tmp_path, game).width == 9
    assert picture("data:image/png;base64," + b64encode(png(7, 7)).decode(), tmp_path, game).width == 7
    with pytest.raises(ArenaError, match=r"there is no picture resources/cow\.png"):
        picture("resources/cow.png", tmp_path, game)
    with pytest.raises(ArenaError, match=r"is not here: save it as .*resources/web/cow\.png"):
        picture("https://example.org/cow.png", tmp_path, game)


def test_pictures_of_the_web_that_were_not_saved_are_told_before_anybody_plays(tmp_path: Path) -> None:
    data = [{"game_instances": [{"a": "https://example.org/cow.png", "b": "https://example.org/about"}]}]
    with pytest.raises(UsageError, match=r"1 pictures of the web are not here, such as https://example\.org/cow\.png: save"):
        check_saved(data, tmp_path / "instances.json", tmp_path)
    (tmp_path / "resources" / "web").mkdir(parents=True)
    (tmp_path / "resources" / "web" / "cow.png").write_bytes(png())
    check_saved(data, tmp_path / "instances.json", tmp_path)


def test_a_run_of_somebody_else_loads_no_game_that_was_not_run_before(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    spec = f"clembench:{checkout}/coins@instances"
    assert sorted(path.name for path in loaded_paths([spec, "taboo"])) == ["helper.py", "lazy.py", "master.py"]
    theirs = Trust(named_by="runs/theirs", of_run=True)
    with pytest.raises(UsageError, match="runs/theirs names code that you have not run before"):
        theirs.admit([spec])
    Trust().admit([spec])
    theirs.admit([spec])
    (checkout / "coins" / "helper.py").write_text("raise SystemExit")
    with pytest.raises(UsageError, match="names code that you have not run before"):
        theirs.admit([spec])


CHECKOUT, RESULTS = (os.environ.get(f"CLEMSIM_TEST_CLEMBENCH{what}", "") for what in ("", "_RESULTS"))
GAMES = "taboo wordle wordle_withcritic imagegame referencegame privateshared dond guesswhat matchit_ascii textmapworld"


@needs_clemcore
@pytest.mark.slow
@pytest.mark.skipif(not (CHECKOUT and RESULTS), reason="set CLEMSIM_TEST_CLEMBENCH and CLEMSIM_TEST_CLEMBENCH_RESULTS")
@pytest.mark.parametrize("game", GAMES.split())
def test_recorded_replies_come_to_the_recorded_scores(game: str) -> None:
    from clemsim.interop.clemcore.recordings import drive_recorded  # noqa: PLC0415 (needs clemcore)

    arena: Any = find_arena(f"clembench:{CHECKOUT}/{game}")(verbatim=True)
    (model,) = find_models([Path(RESULTS) / game])
    for path in model.episodes:
        replay = drive_recorded(arena, read_episode(path, "model"))
        assert (replay.problem, replay.differing) == ("", ()), path
