"""`clemsim play`: a person takes a seat at the terminal."""

from __future__ import annotations

from typing import Annotated

import typer

from clemsim._util.text import plain
from clemsim.arena import find_arena
from clemsim.catalog import suites
from clemsim.catalog.agents import check_cast, make_casts
from clemsim.catalog.kinds import AgentOptions
from clemsim.cli.common import err, fail, one_line, out, run_async
from clemsim.cli.exit_codes import UNFINISHED
from clemsim.cli.options import RulesOption
from clemsim.cli.signals import SIGNALS
from clemsim.engines.base import Sampling
from clemsim.runtime.agent import Agent, opened
from clemsim.runtime.episode import Result


def play(
    arena: Annotated[str, typer.Argument(help="A game, or path/to/game.py:Class.")],
    seat: Annotated[str | None, typer.Option(help="Your seat; the first one unless given.")] = None,
    agent: Annotated[str, typer.Option(metavar="SPEC", help="The agent in the other seats.")] = "baseline",
    instance: Annotated[
        str | None, typer.Option(help="The instance, such as high_en/3; the first one unless given.")
    ] = None,
    rules: RulesOption = None,
    seed: Annotated[int, typer.Option(help="Decides every draw.")] = 0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest reply of a model in tokens.")] = 300,
) -> None:
    """Take a seat yourself.

    Examples:

      clemsim play taboo --seat guesser

      clemsim play taboo --seat describer --agent local
    """
    with one_line():
        SIGNALS.at_once()
        result = run_async(_play(arena, seat, agent, instance, rules, seed, max_tokens))
        outcome = result.outcome
        if outcome is None:
            err.print(plain(f"unfinished: {result.detail}", "yellow"))
            raise typer.Exit(UNFINISHED)
        scores = [f"{name} {score:g}" for name, score in (outcome.by_seat or {}).items()]
        scores += [] if outcome.quality is None else [f"quality {outcome.quality:.0f}"]
        told = f" ({', '.join(scores)})" if scores else ""
        out.print(plain(f"{outcome.kind}{told}" + (f": {outcome.reason}" if outcome.reason else ""), "bold"))


async def _play(
    spec: str, seat: str | None, agent: str, label: str | None, rules: str | None, seed: int, max_tokens: int
) -> Result:
    game = find_arena(spec)(rules=rules)
    instances = [instance for instance in game.instances() if label in (None, instance.label)]
    if not instances:
        names = ", ".join(list(suites.by_experiment(game.instances()))[:8])
        fail(f"{game.name} has no instance {label!r}: its experiments are {names}, numbered from 0")
    seats = list(game.roles_for(instances[0]))
    mine = seat or seats[0]
    if mine not in seats:
        fail(f"{game.name} has no seat {mine!r}: choose one of {', '.join(seats)}")
    others = [f"{other}={agent}" for other in seats if other != mine]
    (cast,) = make_casts([f"{mine}=human", *others], AgentOptions(Sampling(max_tokens=max_tokens)))
    check_cast(game, cast, instances[:1])
    agents: list[Agent] = cast.agents
    async with opened(agents):
        results = await game.run(instances[:1], cast, seed=seed)
    return results[0]
