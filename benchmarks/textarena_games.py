"""Which environments of TextArena play here, and do recordings of them drive again without a difference?

Plays some games of each environment with players that choose among the moves that an observation names, all at once, and
replays each from its recorded replies. Each environment has a process of its own and so many seconds; what came of it is a
line of a file, and a second call goes on with those that are not in it. The players know no rules: an environment that they
only abort may well be played by a model.
usage: python benchmarks/textarena_games.py [ENV ...] [--games 20] [--least 1] [--limit 300] [--out FILE.jsonl] [--table]
--least: only environments for so many players or more; --table: a table in Markdown of what the file holds.
"""

import argparse
import asyncio
import json
import random
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any

from clemsim import Agent, Message, Result, View, find_arena
from clemsim.errors import ClemsimError
from clemsim.game.events import Replied
from clemsim.game.instances import EpisodeKey
from clemsim.interop.textarena.environment import names

MOVE = re.compile(r"\[[^\[\]\n]{1,30}\]( \[[^\[\]\n]{1,30}\])?")
OPTIONS = re.compile(r"Options: (.*)")  # of a jury
LABEL = re.compile(r"\[(GAME|Player \d+)\]")
NUMBERS = re.compile(r"\d+")
STANDS_FOR_NUMBERS = (
    re.compile(r"\b[a-zA-Z]\b"),
    re.compile(r"\b(row|col(umn)?|number|index|source|target|from|to|amount|quantity|pile|card\d?|[a-zA-Z])\b"),
)
LATEST = 40  # moves that may still be allowed
END = 300  # characters of an observation that may say that the last move was invalid


class MoveChooser(Agent):
    """Chooses among the moves that the observation names last, and fills in numbers where words or other numbers are. Learns
    over all games of an environment which forms of moves it takes, and does not repeat what was not taken.
    """

    name = "chooser"

    def __init__(self) -> None:
        self._tried: dict[tuple[EpisodeKey, str], list[str]] = defaultdict(list)
        self._forms: dict[str, list[int]] = defaultdict(lambda: [0, 0])  # how often each was taken, and tried

    async def reply(self, view: View) -> Message:
        """Return a move; a number where none is named."""
        draw, asked = random.Random(view.seed), view.ask.content
        if view.seat == "gamemaster":
            options = OPTIONS.search(asked)
            return Message(view.seat, draw.choice(options[1].replace("'", "").split(", ") if options else ["Yes", "No"]))
        tried = self._tried[view.key, view.seat]
        if tried:
            taken = "attempted an invalid move" not in asked[-END:]
            self._learn(tried[-1], taken=taken)
            if taken:
                tried.clear()
        moves = self._moves(asked, draw)
        moves = [move for move in moves if move not in tried] or moves
        move = draw.choices(moves, [self._weight(move) for move in moves])[0]
        tried.append(move)
        return Message(view.seat, move)

    def _moves(self, asked: str, draw: random.Random) -> list[str]:
        named = [found[0] for found in MOVE.finditer(asked) if not LABEL.search(found[0])][-LATEST:]
        forms = [words.sub("#", move) for move in named for words in STANDS_FOR_NUMBERS] + ["[#]"]
        forms += [form for form, (taken, _) in self._forms.items() if taken]
        return named + [re.sub("#", lambda _: str(draw.randrange(draw.choice([3, 5, 10]))), form) for form in forms * 2]

    def _learn(self, move: str, *, taken: bool) -> None:
        counts = self._forms[NUMBERS.sub("#", move)]
        counts[0] += taken
        counts[1] += 1

    def _weight(self, move: str) -> float:
        taken, tried = self._forms[NUMBERS.sub("#", move)]
        return ((taken + 0.5) / (tried + 1)) ** 3


def play(environment: str, games: int, least: int) -> dict[str, Any]:
    """Play and replay an environment."""
    try:
        arena = find_arena(f"textarena:{environment}")()
        most = arena.players.most  # type: ignore[attr-defined]
        about = {"seats": len(arena.seats_for(arena.instances()[0])), "most": most}
        if most < least:
            return about
        results = asyncio.run(arena.run(arena.instances()[:games], MoveChooser()))
    except ClemsimError as error:
        return {"problem": str(error)}
    outcomes = Counter(result.outcome.kind if result.outcome else "unfinished" for result in results)
    reasons = Counter(result.outcome.reason for result in results if result.outcome and result.outcome.kind == "aborted")
    turns = sum(isinstance(event, Replied) for result in results for event in result.transcript.events)
    differing = sum(not replays(arena, result) for result in results)
    return {**about, **outcomes, "turns": turns, "differing": differing, "aborts": dict(reasons.most_common(3))}


def replays(arena: Any, result: Result) -> bool:
    """Return whether the recorded replies lead to the recorded events."""
    driver = arena.drive(result.transcript.instance, result.transcript.key)
    try:
        driver.replay(result.transcript.events)
    except ClemsimError:
        return False
    return tuple(driver.events) == tuple(result.transcript.events)


def play_apart(environment: str, games: int, least: int, limit: float) -> dict[str, Any]:
    """Play an environment in a process of its own."""
    command = [sys.executable, __file__, "--one", environment, "--games", str(games), "--least", str(least)]
    begun = monotonic()
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"problem": f"not over within {limit:g} s", "seconds": round(limit, 1)}
    lines = ran.stdout.strip().splitlines()
    found = json.loads(lines[-1]) if ran.returncode == 0 else {"problem": (ran.stderr.strip().splitlines() or ["?"])[-1]}
    return {**found, "seconds": round(monotonic() - begun, 1)}


def survey(environments: Sequence[str], options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return what came of each environment, and add it to the file."""
    found: dict[str, dict[str, Any]] = {}
    if options.out.exists():
        found = {line["name"]: line for line in map(json.loads, options.out.read_text().splitlines())}
    for number, name in enumerate(environments, 1):
        if name not in found:
            found[name] = {"name": name, **play_apart(name, options.games, options.least, options.limit)}
            with options.out.open("a") as out:
                out.write(json.dumps(found[name]) + "\n")
            print(f"{number} of {len(environments)}: {name}: {verdict(found[name])}", file=sys.stderr)
    return {name: found[name] for name in environments}


def verdict(own: Mapping[str, Any]) -> str:
    """Return what a table says of an environment."""
    if "problem" in own:
        return str(own["problem"])
    if "turns" not in own:
        return "not asked for"
    if own.get("unfinished"):
        return f"{own['unfinished']} unfinished"
    return "plays" if own.get("success", 0) + own.get("failure", 0) else "these players abort it"


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table in Markdown."""
    rows = [
        f"| {name} | {own.get('seats', '')} | {verdict(own)} | {own.get('turns', '')} | {own.get('differing', '')} |"
        for name, own in found.items()
    ]
    return "\n".join(["| environment | seats | | turns | replays that differ |", "|---|---|---|---|---|", *rows])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("environments", nargs="*", metavar="ENV")
    parser.add_argument("--games", type=int, default=20)
    parser.add_argument("--least", type=int, default=1)
    parser.add_argument("--limit", type=float, default=300.0)
    parser.add_argument("--out", type=Path, default=Path("textarena_games.jsonl"))
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(play(given.one, given.games, given.least)))
    else:
        surveyed = survey(given.environments or names(), given)
        print(table(surveyed) if given.table else json.dumps(surveyed, indent=2))
