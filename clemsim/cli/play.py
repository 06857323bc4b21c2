"""`clemsim play`: a person takes a seat at the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from clemsim._util.text import plain
from clemsim.arena import Arena, find_arena
from clemsim.catalog import suites
from clemsim.catalog.agents import check_cast, check_seats, kind_of, make_casts, split_seat, usual_agent
from clemsim.catalog.kinds import AgentOptions
from clemsim.cli.common import err, fail, one_line, out, run_async
from clemsim.cli.exit_codes import UNFINISHED
from clemsim.cli.options import OthersOption, RulesOption
from clemsim.cli.signals import SIGNALS
from clemsim.cli.view.pieces import drawing
from clemsim.cli.view.transcripts import passage
from clemsim.engines.base import Sampling
from clemsim.game.events import Event, Replied, Told
from clemsim.game.game_contract import checked_instances
from clemsim.game.instances import Instance
from clemsim.game.pieces import pieces_of
from clemsim.results.dialogue.steps import dialogue_steps
from clemsim.runtime.agent import Agent, opened
from clemsim.runtime.episode import Result


def play(
    arena: Annotated[str, typer.Argument(help="A game, or path/to/game.py:Class.")],
    seat: Annotated[
        str | None, typer.Option(help="Your seat, or a role of the instance; the first seat unless given.")
    ] = None,
    agent: OthersOption = None,
    instance: Annotated[
        str | None, typer.Option(help="The instance, such as high_en/3; the first one unless given.")
    ] = None,
    rules: RulesOption = None,
    seed: Annotated[int, typer.Option(help="Decides every draw.")] = 0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest reply of a model in tokens.")] = 300,
) -> None:
    """Take a seat yourself; agents play the others. You see what your seat sees, and nothing else.

    Examples:

      clemsim play taboo --seat guesser

      clemsim play taboo --seat describer --agent local

      clemsim play path/to/undercover.py:Undercover --seat player3 --agent spy=local --agent random
    """
    with one_line():
        SIGNALS.at_once()
        game = find_arena(arena)(rules=rules)
        mine, result = run_async(_play(game, seat, agent or [], instance, seed, max_tokens))
        for part in passage(dialogue_steps(_told_at_the_end(result.transcript.events, mine), {}), {}):
            err.print(part)
        outcome = result.outcome
        if outcome is not None and (pieces := pieces_of(game, result.transcript)):
            err.print(drawing(pieces))
        if outcome is None:
            err.print(plain(f"unfinished: {result.detail}", "yellow"))
            raise typer.Exit(UNFINISHED)
        scores = [f"{name} {score:g}" for name, score in (outcome.by_seat or {}).items()]
        scores += [] if outcome.quality is None else [f"quality {outcome.quality:.0f}"]
        told = f" ({', '.join(scores)})" if scores else ""
        out.print(plain(f"{outcome.kind}{told}" + (f": {outcome.reason}" if outcome.reason else ""), "bold"))


async def _play(
    game: Arena[Any], seat: str | None, agents: list[str], label: str | None, seed: int, max_tokens: int
) -> tuple[str, Result]:
    """Return the seat of the person, and what came of the episode."""
    every = checked_instances(game)
    instances = [instance for instance in every if label in (None, instance.label)]
    if not instances:
        names = ", ".join(list(suites.by_experiment(every))[:8])
        fail(f"{game.name} has no instance {label!r}: its experiments are {names}, numbered from 0")
    mine = _seat_of_person(game, instances[0], seat)
    (cast,) = make_casts([f"{mine}=human", *_others(game, mine, agents)], AgentOptions(Sampling(max_tokens=max_tokens)))
    check_seats([game], [cast])
    check_cast(game, cast, instances[:1])
    cast_agents: list[Agent] = cast.agents
    async with opened(cast_agents):
        results = await game.run(instances[:1], cast, seed=seed)
    return mine, results[0]


def _seat_of_person(game: Arena[Any], instance: Instance, seat: str | None) -> str:
    """Return the seat of this name, or the first one in this role; the first seat for None."""
    roles = game.roles_for(instance)
    named = [name for name, role in roles.items() if seat in (None, name) or (seat == role and seat not in roles)]
    if not named:
        where = f" in {instance.label}" if seat in (*game.seats, *game.roles) else ""
        fail(f"{game.name} has no seat {seat!r}{where}: choose one of {', '.join(dict.fromkeys([*roles, *roles.values()]))}")
    return named[0]


def _others(game: Arena[Any], mine: str, agents: Sequence[str]) -> list[str]:
    """Return the SPECs of all seats but the person's."""
    plain_ones = [spec for spec in agents if not split_seat(spec)[0]]
    if len(plain_ones) > 1:
        fail(f"--agent {plain_ones[1]}: the other seats have {plain_ones[0]}: give SEAT=SPEC for one of them")
    for text in agents:
        seat, spec = split_seat(text)
        if seat == mine:
            fail(f"--agent {text}: {mine} is your seat: choose another with --seat, or leave this out")
        if kind_of(spec)[0].name == "human":
            fail(f"--agent {text}: you would see what two seats see: one person plays at a terminal, agents the other seats")
    return [*agents, *([] if plain_ones else [usual_agent(game.name)])]


def _told_at_the_end(events: Sequence[Event], seat: str) -> list[Event]:
    """Return what a seat was told after its last reply."""
    last = max(
        (place for place, event in enumerate(events) if isinstance(event, Replied) and event.seat == seat), default=-1
    )
    return [event for event in events[last + 1 :] if isinstance(event, Told) and event.seat == seat]
