"""`clemsim serve-env`: a seat of an arena as a server of OpenEnv, for trainers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from functools import partial
from typing import Annotated, Any

import typer

from clemsim._util.text import plain
from clemsim.cli.common import err, one_line, run_async
from clemsim.cli.options import OthersOption, RulesOption, finite
from clemsim.cli.signals import SIGNALS
from clemsim.interop.environments.learning_seat import LearningSeat, arena_of_suite
from clemsim.interop.rewards import FORFEIT


def serve_env(
    arena: Annotated[str, typer.Argument(help="A game, or path/to/game.py:Class.")],
    seat: Annotated[str | None, typer.Option(help="The seat that clients play; the first one unless given.")] = None,
    agent: OthersOption = None,
    suite: Annotated[str | None, typer.Option(help="Play the instances of a suite; the game's own unless given.")] = None,
    rules: RulesOption = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; whoever reaches it can play, and has the agents called.")
    ] = "127.0.0.1",
    sessions: Annotated[int, typer.Option(min=1, help="Sessions at once at most; more are turned away.")] = 4096,
    idle: Annotated[
        float, typer.Option(callback=finite, min=0.0, help="Seconds after which a session that nobody moves ends; 0: never.")
    ] = 600.0,
    forfeit: Annotated[
        float, typer.Option(callback=finite, help="The reward of a seat that breaks the rules of form.")
    ] = FORFEIT,
) -> None:
    """Serve a seat of a game as an environment of OpenEnv, with agents in the other seats.

    Examples:

      clemsim serve-env taboo --seat guesser

      clemsim serve-env taboo --seat describer --agent qwen@http://127.0.0.1:8001/v1 --port 8200
    """
    with one_line():
        game, instances = arena_of_suite(arena, suite, rules)
        learning = LearningSeat(game, seat, agent or None, instances, forfeit)
        from clemsim.interop.environments import openenv_server as server  # noqa: PLC0415 (OpenEnv loads for seconds)

        with server.listening(host, port) as bound:
            stopped = asyncio.Event()
            run_async(
                _until(stopped, server.serve(learning, bound, partial(_tell, learning), stopped, sessions, idle or None))
            )


async def _until(stopped: asyncio.Event, serving: Coroutine[Any, Any, None]) -> None:
    def stop() -> str:
        stopped.set()
        return "the server ends"

    SIGNALS.on_stop(stop)
    await serving


def _tell(seat: LearningSeat, url: str) -> None:
    others = "".join(f", {name} as {place}" for place, name in seat.agents.items())
    err.print(plain(f"serving {seat.arena.name} to {seat.seat}{others} at {url} (Ctrl-C stops)"), soft_wrap=True)
