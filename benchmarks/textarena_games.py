"""Which environments of TextArena play here, and do recordings of them drive again without a difference?

Plays some games of each environment with players that choose among the moves that an observation names, replays each from
its recorded replies, and gives JSON by environment: players, outcomes, differences; of one that cannot be made, why. The
players know no rules: an environment that they only abort may well be played by a model.
usage: python benchmarks/textarena_games.py [ENV ...] [--games 20] [--least 1] [--table]
--least: only environments for so many players or more; --table: a table in Markdown in place of JSON.
"""

import argparse
import asyncio
import random
import re
from collections import Counter
from typing import Any

import orjson

from clemsim import Agent, Message, UsageError, View, find_arena
from clemsim.errors import ClemsimError
from clemsim.game.events import Replied
from clemsim.interop.textarena.environment import names

MOVE = re.compile(r"\[[^\[\]\n]{1,30}\]")
LABEL = re.compile(r"\[(GAME|Player \d+)\]")
LATEST = 40  # moves that may still be allowed


class MoveChooser(Agent):
    """Chooses among the moves that the observation names last."""

    name = "chooser"

    async def reply(self, view: View) -> Message:
        """Return one of them; a digit where there is none."""
        draw = random.Random(view.seed)
        moves = [move for move in MOVE.findall(view.ask.content) if not LABEL.fullmatch(move)]
        return Message(view.seat, draw.choice(moves[-LATEST:]) if moves else f"[{draw.randrange(10)}]")


async def played(environment: str, games: int) -> dict[str, Any]:
    """Play and replay an environment."""
    arena = find_arena(f"textarena:{environment}")()
    results = await arena.run(arena.instances()[:games], MoveChooser())
    differing = 0
    for result, instance in zip(results, arena.instances(), strict=False):
        driver = arena.drive(instance, result.transcript.key)
        try:
            driver.replay(result.transcript.events)
            differing += tuple(driver.events) != tuple(result.transcript.events)
        except ClemsimError:
            differing += 1
    outcomes = Counter(result.outcome.kind if result.outcome else "unfinished" for result in results)
    turns = sum(isinstance(event, Replied) for result in results for event in result.transcript.events)
    return {"players": len(arena.seats_for(arena.instances()[0])), **outcomes, "turns": turns, "differing": differing}


async def survey(environments: list[str], games: int, least: int) -> dict[str, dict[str, Any]]:
    """Return what came of each environment."""
    found: dict[str, dict[str, Any]] = {}
    for name in environments:
        try:
            if find_arena(f"textarena:{name}").players.most >= least:  # type: ignore[attr-defined]
                found[name] = await played(name, games)
        except (UsageError, ClemsimError) as error:
            found[name] = {"problem": str(error)}
    return found


def verdict(own: dict[str, Any]) -> str:
    """Return what a table says of an environment."""
    if "problem" in own:
        return str(own["problem"])
    if own.get("unfinished"):
        return f"{own['unfinished']} unfinished"
    return "plays" if own.get("success", 0) + own.get("failure", 0) else "these players abort it"


def table(found: dict[str, dict[str, Any]]) -> str:
    """Return the table in Markdown."""
    rows = [
        f"| {name} | {own.get('players', '')} | {verdict(own)} | {own.get('turns', '')} | {own.get('differing', '')} |"
        for name, own in found.items()
    ]
    return "\n".join(["| environment | players | | turns | replays that differ |", "|---|---|---|---|---|", *rows])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("environments", nargs="*", metavar="ENV")
    parser.add_argument("--games", type=int, default=20)
    parser.add_argument("--least", type=int, default=1)
    parser.add_argument("--table", action="store_true")
    options = parser.parse_args()
    surveyed = asyncio.run(survey(options.environments or names(), options.games, options.least))
    print(table(surveyed) if options.table else orjson.dumps(surveyed, option=orjson.OPT_INDENT_2).decode())
