"""Which environments of TextArena play here, and do recordings of them drive again without a difference?

Plays some games of each environment all at once, and replays each from its recorded replies. The players know no rules: they
choose among the moves that an environment names; where they only abort, they try moves on a copy until one is taken. Each
environment has a process of its own and so many seconds; what came of it is a line of a file, and a second call goes on with
those that are not in it.
usage: python benchmarks/textarena_games.py [ENV ...] [--games 20] [--least 1] [--limit 300] [--out FILE.jsonl]
    [--table [--plain FILE.jsonl]]
--least: only environments for so many players or more; --table: a table in Markdown of what the file holds; --plain: the
file of a call with `--games 0` where TextArena alone was installed, which tells what environments need besides.
"""

import argparse
import asyncio
import copy
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from time import monotonic
from typing import Any

from clemsim import Agent, Arena, Message, Result, View, find_arena
from clemsim.errors import ClemsimError, ParserError
from clemsim.game.events import Replied
from clemsim.game.instances import EpisodeKey
from clemsim.interop.textarena.environment import Environment, names

MOVE = re.compile(r"\[[^\[\]\n]{1,30}\]( \[[^\[\]\n]{1,30}\])?")
OPTIONS = re.compile(r"Options: (.*)")  # of a jury
LABEL = re.compile(r"\[(GAME|Player \d+)\]")
NUMBERS = re.compile(r"\d+")
STANDS_FOR_NUMBERS = (
    re.compile(r"\b[a-zA-Z]\b"),
    re.compile(r"\b(row|col(umn)?|number|index|source|target|from|to|amount|quantity|pile|card\d?|[a-zA-Z])\b"),
)
FAILED = re.compile(r"^.* failed at a move of \w+: | \(textarena:.*")
VARIANT = re.compile(r"(-v\d+).*")
LACKS = {
    "SyntaxError: f-string": "Python 3.12",
    "LookupError: Resource": "NLTK's word lists",
    "FileNotFoundError": "files that the package lacks",
    "No module named 'textarena": "code that the package lacks",
}
SQUARES = re.compile(r"[a-hA-H](?=\d|#)")
INVALID = "attempted an invalid move"
TRIES = 300
MOST_SECONDS = 12.0  # for trying moves, in all games of an environment together
LATEST = 40  # moves that may still be allowed


class MoveChooser(Agent):
    """Chooses among the moves that the observation names last, and fills in numbers and letters where others are. One
    that `tries` keeps a copy of the environment of each episode, on which it tries moves until one is taken.
    """

    name = "chooser"

    def __init__(self, arena: Arena[Any], *, tries: bool) -> None:
        self._arena = arena
        self._until = monotonic() + MOST_SECONDS if tries else 0.0
        self._seeds = {instance.label: instance.seed for instance in arena.instances()}
        self._copies: dict[EpisodeKey, Environment] = {}

    async def reply(self, view: View) -> Message:
        """Return a move that the environment takes, where one is found."""
        draw, asked = random.Random(view.seed), view.ask.content
        if view.seat == "gamemaster":
            options = OPTIONS.search(asked)
            return Message(view.seat, draw.choice(options[1].replace("'", "").split(", ") if options else ["Yes", "No"]))
        moves = self._moves(asked, draw)
        environment = self._copy(view.key) if monotonic() < self._until else None
        if environment is None:
            return Message(view.seat, draw.choice(moves))
        move = next((move for move in moves if taken(environment, move) or monotonic() > self._until), moves[0])
        with suppress(Exception):
            environment.move(move, [])
        return Message(view.seat, move)

    def _copy(self, key: EpisodeKey) -> Environment | None:
        """Return the copy of the environment of an episode; None where it has a model of its own."""
        arena: Any = self._arena
        if key not in self._copies and "gamemaster" not in arena.seats:
            self._copies[key] = Environment(arena.environment, arena.count, self._seeds[key.instance])
        return self._copies.get(key)

    def _moves(self, asked: str, draw: random.Random) -> list[str]:
        """Return moves to try, in their order: half of them as they are named."""
        named = [found[0] for found in MOVE.finditer(asked) if not LABEL.search(found[0])][-LATEST:] or ["[#]"]
        forms = [words.sub("#", move) for move in named for words in STANDS_FOR_NUMBERS] + ["[#]", "# # #"]
        moves = []
        for _ in range(TRIES // 2):
            form = NUMBERS.sub("#", draw.choice(forms)) if draw.random() < 0.5 else draw.choice(forms)
            form = SQUARES.sub(lambda _: draw.choice("abcdefgh"), form)
            moves += [draw.choice(named), re.sub("#", lambda _: str(draw.randrange(draw.choice([3, 5, 10, 20]))), form)]
        return list(dict.fromkeys(moves))


def taken(environment: Environment, move: str) -> bool:
    """Return whether an environment takes a move. It stays as it is."""
    trial = copy.deepcopy(environment)
    player, before = trial.ask()
    try:
        over = trial.move(move, [])
        if over:
            return not trial.result()[1].get(player, {}).get("invalid_move")
        asked, after = trial.ask()
    except Exception:
        return False
    return asked != player or after.count(INVALID) <= before.count(INVALID)


def play(environment: str, games: int, least: int) -> dict[str, Any]:
    """Play and replay an environment."""
    try:
        arena = find_arena(f"textarena:{environment}")()
        players = arena.players  # type: ignore[attr-defined]
        about = {"seats": len(arena.seats), "least": players.least, "most": players.most}
        if players.most < least:
            return about
        results: list[Result] = []
        for tries in (False, True):
            if not any(result.outcome and result.outcome.kind != "aborted" for result in results):
                results = asyncio.run(arena.run(arena.instances()[:games], MoveChooser(arena, tries=tries)))
    except ClemsimError as error:
        return {"problem": str(error)}
    outcomes = Counter(result.outcome.kind if result.outcome else "unfinished" for result in results)
    reasons = Counter(result.outcome.reason for result in results if result.outcome and result.outcome.kind == "aborted")
    turns = sum(isinstance(event, Replied) for result in results for event in result.transcript.events)
    differing = sum(not replays(arena, result) for result in results)
    failed = next((result.detail.splitlines()[0] for result in results if result.outcome is None), "")
    aborts = dict(reasons.most_common(3))
    return {**about, **outcomes, "turns": turns, "differing": differing, "aborts": aborts, "failed": failed}


def replays(arena: Any, result: Result) -> bool:
    """Return whether the recorded replies lead to the recorded events, and to the same failure where there was one."""
    driver = arena.drive(result.transcript.instance, result.transcript.key)
    try:
        driver.replay(result.transcript.events)
    except ParserError:
        return result.outcome is None and tuple(driver.events) == tuple(result.transcript.events)
    except ClemsimError:
        return False
    return tuple(driver.events) == tuple(result.transcript.events)


def play_apart(environment: str, games: int, least: int, limit: float) -> dict[str, Any]:
    """Play an environment in a process of its own, which begins with all that this one has loaded."""
    context, begun = get_context("fork"), monotonic()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=lambda: sender.send(play(environment, games, least)))
    process.start()
    sender.close()
    try:
        found = receiver.recv() if receiver.poll(limit) else {"problem": f"not over within {limit:g} s"}
    except EOFError:
        found = {"problem": "its process ended without a word"}
    process.kill()
    process.join()
    return {**found, "seconds": round(monotonic() - begun, 1)}


def survey(environments: Sequence[str], options: argparse.Namespace) -> dict[str, dict[str, Any]]:
    """Return what came of each environment, and add it to the file."""
    found = read(options.out)
    for number, name in enumerate(environments, 1):
        if name not in found:
            found[name] = {"name": name, **play_apart(name, options.games, options.least, options.limit)}
            with options.out.open("a") as out:
                out.write(json.dumps(found[name]) + "\n")
            print(f"{number} of {len(environments)}: {name}: {verdict(found[name])}", file=sys.stderr)
    return {name: found[name] for name in environments}


def verdict(own: Mapping[str, Any]) -> str:
    """Return what came of an environment."""
    if "problem" in own:
        return str(own["problem"])
    if "turns" not in own:
        return "not asked for"
    ended = own.get("success", 0) + own.get("failure", 0)
    if ended:
        return "plays"
    return f"these players abort it: {next(iter(own['aborts']), '').removeprefix('invalid move: ')}"


def table(found: Mapping[str, Mapping[str, Any]], plain: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table in Markdown; variants share a row. `plain`: what came of each with TextArena alone."""
    families: dict[str, list[str]] = defaultdict(list)
    for name in found:
        families[VARIANT.sub(r"\1", name)].append(name)
    rows = [_row(family, [found[name] for name in own], plain.get(own[0], {})) for family, own in families.items()]
    head = ["| environment | variants | players | ended | aborted | unfinished | replays that differ | |"]
    head.append(f"|---|{'---:|' * 6}---|")
    return "\n".join([*head, *rows])


def _row(family: str, own: Sequence[Mapping[str, Any]], plain: Mapping[str, Any]) -> str:
    known = [each for each in own if "most" in each]
    least, most = min((each["least"] for each in known), default=0), max((each["most"] for each in known), default=0)
    players = "" if not known else str(most) if least == most else f"{least} to {most}"
    counts = [
        sum(each.get(kind, 0) for each in own) for kind in ("success", "failure", "aborted", "unfinished", "differing")
    ]
    numbers = [counts[0] + counts[1], *counts[2:]] if any("turns" in each for each in own) else [""] * 4
    said = [*dict.fromkeys(_needs(str(each["problem"])) for each in (plain, *own) if "problem" in each)]
    said += [f"fails at moves: {FAILED.sub('', each['failed'])}" for each in own if each.get("failed")][:1]
    if numbers[0] == 0 and numbers[1]:
        said.append(verdict(own[0]))
    cells = [f"`{family}`", len(own), players, *numbers, "; ".join(said).replace("|", "/")]
    return f"| {' | '.join(map(str, cells))} |"


def _needs(problem: str) -> str:
    """Return what an environment lacks that cannot be made, in few words; else the problem."""
    lacks = [words for sign, words in LACKS.items() if sign in problem]
    lacks += [f"`{module}`" for module in re.findall(r"No module named '(?!textarena)([\w.]+)'", problem)]
    return f"needs {', '.join(lacks)}" if lacks else problem.partition(" cannot be made here: ")[2] or problem


def read(path: Path | None) -> dict[str, dict[str, Any]]:
    """Return what a file holds, by environment."""
    return {line["name"]: line for line in map(json.loads, path.read_text().splitlines())} if path and path.exists() else {}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("environments", nargs="*", metavar="ENV")
    parser.add_argument("--games", type=int, default=20)
    parser.add_argument("--least", type=int, default=1)
    parser.add_argument("--limit", type=float, default=300.0)
    parser.add_argument("--out", type=Path, default=Path("textarena_games.jsonl"))
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--plain", type=Path)
    given = parser.parse_args()
    surveyed = survey(given.environments or names(), given)
    print(table(surveyed, read(given.plain)) if given.table else json.dumps(surveyed, indent=2))
