"""What a table can do besides asking: system texts, broadcasts, forgetting, sampling by seat, chance of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from clemsim import Arena, ArenaError, EpisodeKey, Instance, Outcome, Question, SeatSampling, Table, View, anything, tagged
from clemsim.engines.base import Completion, Engine, Request, Sampling
from clemsim.game.events import Forgot, Instructed, decode, encode, type_name
from clemsim.game.messages import MODERATOR, SYSTEM, Message, Usage
from clemsim.runtime.agent import Cast
from clemsim.runtime.model_agent import ModelAgent, chat
from clemsim.runtime.observer import Observer
from clemsim.runtime.scheduler import Scheduler
from clemsim.testing import check_arena, drive, render

Play = Callable[[Table], Any]


class Scripted(Arena[Instance]):
    """A game that is written in the test."""

    name, version = "scripted", 1
    seats = ("player", "judge", "other")
    script: Play

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Play what the test says."""
        await type(self).script(table)
        return Outcome.success()


def game(play: Play, **attributes: Any) -> Scripted:
    """Return a game with this play."""
    made: Scripted = type("Scripted", (Scripted,), {"script": staticmethod(play), **attributes})()
    return made


def seen(arena: Arena[Any], turns: int, seat: str = "player") -> list[tuple[str, str]]:
    """Return what the last ask of a seat shows it, after replies that are numbered."""
    driver, last = arena.drive(Instance()), list[Message]()
    for number in range(turns):
        ask = driver.pending[0]
        if ask.seat == seat:
            last = list(driver.view(ask))
        driver.answer(ask.turn, Message(ask.seat, str(number)))
    return [(message.author, message.content) for message in last]


async def long(table: Table) -> None:
    """Five rounds, of which the last two are remembered, and the first."""
    table.system("player", "You are the player.")
    table.tell("player", "The rules.")
    for number in range(5):
        table.forget("player", keep=2, opening=True)
        table.tell("player", f"News {number}.")
        await table.ask("player", f"Round {number}?")


def test_a_seat_forgets_all_but_its_system_text_its_first_and_its_last_exchanges() -> None:
    kept = [content for _, content in seen(game(long), 5)]
    assert kept == [
        *("You are the player.", "The rules.", "News 0.", "Round 0?", "0"),
        *("News 2.", "Round 2?", "2", "News 3.", "Round 3?", "3", "News 4.", "Round 4?"),
    ]


def test_what_was_told_since_the_last_reply_is_not_forgotten() -> None:
    async def play(table: Table) -> None:
        await table.ask("player", "One?")
        table.tell("player", "Listen.")
        table.forget("player")
        await table.ask("player", "Two?")

    assert seen(game(play), 2) == [(MODERATOR, "Listen."), (MODERATOR, "Two?")]


def test_a_view_that_was_given_away_forgets_nothing() -> None:
    async def play(table: Table) -> None:
        await table.ask("player", "One?")
        table.forget("player")
        await table.ask("player", "Two?")

    driver = game(play).drive(Instance())
    view = driver.view(driver.pending[0])
    driver.answer(1, Message("player", "1"))
    assert [message.content for message in view] == ["One?"]
    assert [message.content for message in driver.view(driver.pending[0])] == ["Two?"]


def test_games_that_forget_replay_and_keep_views_apart() -> None:
    arena = game(long)
    assert check_arena(arena, [Instance()], examples=10) == 50
    text = render(drive(arena, Instance(), map(str, range(5))))
    assert (
        text.startswith("=> player: You are the player.\n") and "player forgets all but the first and the last 2\n" in text
    )


def test_a_system_text_is_sent_as_one() -> None:
    async def play(table: Table) -> None:
        table.system("player", "Be brief.")
        table.system("player", "Be kind.")
        await table.ask("player", "Well?")

    driver = game(play).drive(Instance())
    view = driver.view(driver.pending[0])
    assert [message.author for message in view] == [SYSTEM, SYSTEM, MODERATOR]
    assert chat(view) == [{"role": "system", "content": "Be brief.\n\nBe kind."}, {"role": "user", "content": "Well?"}]


def test_a_system_text_comes_first() -> None:
    async def play(table: Table) -> None:
        table.tell("player", "Hello.")
        table.system("player", "Be brief.")

    with pytest.raises(ArenaError, match="comes before all else that the seat is told or asked"):
        drive(game(play), Instance(), [])


@pytest.mark.parametrize("event", [Instructed("a", "x"), Forgot("a", 3, True)])
def test_the_events_are_stored(event: Instructed | Forgot) -> None:
    assert decode(type_name(event), encode(event)) == event


def test_all_are_told_but_some() -> None:
    async def play(table: Table) -> None:
        table.tell_all("Night falls.", but=("judge",))
        await table.ask("player", "Well?")

    text = render(drive(game(play), Instance(), ["x"]))
    assert text.startswith("-> player: Night falls.\n-> other: Night falls.\n[1]")


def test_no_seat_is_left_out_by_a_name_that_is_none() -> None:
    async def play(table: Table) -> None:
        table.tell_all("Night falls.", but=("jugde",))

    with pytest.raises(ArenaError, match="there is no seat 'jugde'"):
        drive(game(play), Instance(), [])


@pytest.mark.parametrize("call", ["ask", "tell", "system", "tell_all", "try_ask", "ask_all"])
def test_a_list_is_no_text(call: str) -> None:
    smuggled: Any = [{"type": "image_url"}]

    async def play(table: Table) -> None:
        match call:
            case "ask":
                await table.ask("player", smuggled)
            case "try_ask":
                await table.try_ask("player", smuggled, parse=anything())
            case "ask_all":
                await table.ask_all([Question("player", smuggled, anything())])
            case "tell_all":
                table.tell_all(smuggled)
            case _:
                getattr(table, call)("player", smuggled)

    text = r"is text \(str\), not list" if call == "system" else r"is text \(str\) or a tuple of parts, not list"
    with pytest.raises(ArenaError, match=rf"TypeError: .* {text}: \[\{{'type'") as caught:
        drive(game(play), Instance(), [])
    assert isinstance(caught.value.__cause__, TypeError)


class Echo(Engine):
    """Says how it was asked to draw."""

    name = "echo"

    async def complete(self, request: Request) -> Completion:
        """Return temperature and token limit."""
        text = f"{request.seat} {request.sampling.temperature} {request.sampling.max_tokens}"
        return Completion(text, "", "stop", Usage(self.name, request.seed, 0.0, 0.0))


async def test_a_game_fixes_how_a_seat_is_drawn() -> None:
    async def play(table: Table) -> None:
        for seat in table.seats:
            await table.ask(seat, "Well?")

    arena = game(play, sampling={"judge": SeatSampling(temperature=0), "other": SeatSampling(max_tokens=5)})
    (result,) = await arena.run([Instance()], Cast.of(ModelAgent(Echo(), Sampling(temperature=0.7, max_tokens=99))))
    assert [turn.replied.content for turn in result.transcript.turns] == ["player 0.7 99", "judge 0 99", "other 0.7 5"]


def test_sampling_that_is_none() -> None:
    with pytest.raises(ArenaError, match="sampling names 'jugde', which is neither a seat nor a role"):
        game(long, sampling={"jugde": SeatSampling(temperature=0)})
    with pytest.raises(ArenaError, match="temperature of a seat"):
        SeatSampling(temperature=-1)


async def _draw(table: Table) -> None:
    table.note("die", table.rng.randrange(10**9))
    await table.ask("player", "Well?")


@pytest.mark.parametrize(("chance", "different"), [("instance", 1), ("episode", 6)])
def test_chance_is_that_of_the_instance_or_of_the_episode(chance: str, different: int) -> None:
    from tests.results.test_seat_scores import HIGH, LOW  # noqa: PLC0415

    arena = game(_draw, chance=chance)
    drawn: dict[tuple[int, int], set[int]] = {}
    for cast in (HIGH, LOW):
        for seed in (0, 1):
            for episode in arena.episodes([Instance()], cast, seed=seed, repetitions=3):
                (die,) = episode.drive().transcript.notes("die")
                drawn.setdefault((seed, episode.key.repetition), set()).add(die)
    assert all(len(dice) == 1 for dice in drawn.values())  # every cast has the same luck
    assert len({die for dice in drawn.values() for die in dice}) == different


def test_chance_that_is_none() -> None:
    with pytest.raises(ArenaError, match='chance is "instance" or "episode"'):
        game(_draw, chance="repetition")


class Prefixes(Observer):
    """Takes down what of each conversation was sent before."""

    def __init__(self) -> None:
        self.prefixes: list[int] = []

    def request(self, key: EpisodeKey, agent: str, view: View, message: Message, prefix: int) -> None:
        """Take it down."""
        self.prefixes.append(prefix)


class Costly(Engine):
    """Each reply costs ten tokens in and one out."""

    name = "costly"

    async def complete(self, request: Request) -> Completion:
        """Say yes."""
        return Completion("yes", "", "stop", Usage(self.name, request.seed, 0.0, 0.0, tokens_in=10, tokens_out=1))


async def test_nothing_is_cached_of_a_conversation_that_was_forgotten() -> None:
    async def play(table: Table) -> None:
        for number in range(5):
            if number == 3:
                table.forget("player", keep=1)
            if number == 4:
                table.forget("player", keep=7)  # all that there is
            await table.ask("player", "Well?")

    observer = Prefixes()
    await Scheduler(observer).play(game(play).episodes([Instance()], ModelAgent(Costly(), Sampling())))
    assert observer.prefixes == [0, 11, 11, 0, 11]


@pytest.mark.parametrize(("stop", "kind"), [("stop", "failure"), ("overflow", "aborted")])
def test_an_invalid_reply_may_lose_the_game_instead_of_aborting_it(stop: str, kind: str) -> None:
    async def play(table: Table) -> None:
        parse = tagged("N:")
        await table.ask("player", "?", parse=parse, lost=lambda problem: Outcome.failure(problem.reason, blame="player"))

    played: Any = drive(game(play), Instance(), ["no"], stop=stop)
    assert played.outcome.kind == kind and played.outcome.blame == "player"
    assert played.turns[0].rejected and game(play).scores(played)[0]["Violated Request Count"] == 1.0
