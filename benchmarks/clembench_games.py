"""Which games of a clembench checkout play here unmodified, with clemcore's scores, and how fast beside clemcore itself?

The same replies go to clemcore's own runner, with its own files and its own scorer, and to `clembench:CHECKOUT/GAME` at a
width of 64 with a run store; each reply takes a while. Of how many episodes are all scores the same, by both, as they were
recorded, and by the native game where there is one? Replies are those of a folder of recorded results; of a game without
any, those of the game's own mock players. Both sides get the same random numbers by episode, which clemcore seeds once.
usage: python benchmarks/clembench_games.py CHECKOUT [GAME ...] [--results MODEL_FOLDER] [--each 10] [--delay 0.05] [--table]
Needs the extra `clembench`, and what the games need.
"""

import argparse
import asyncio
import io
import json
import logging
import pickle
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from report import show

from clemsim import Agent, Message, View, find_arena
from clemsim.cli.common import run_async
from clemsim.errors import ClemsimError, LimitReached
from clemsim.interop.clembench.driving import Redriver
from clemsim.interop.clembench.recorded import RecordedEpisode, find_models, numbers, read_episode
from clemsim.interop.clembench.rules import PRESENT
from clemsim.interop.clembench.verify import alike
from clemsim.interop.clemcore.game import EPISODE, ClembenchGame, ClembenchInstance, noted, settings_of
from clemsim.interop.clemcore.library import clemcore
from clemsim.interop.clemcore.recordings import alike_scores, drive_recorded, instance_of, replies_of
from clemsim.interop.clemcore.seats import player_of
from clemsim.runtime.observer import Broadcast, ResultCollector
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.writer import RunStore

WIDTH = 64
MOST_MOCKED = 200  # turns of an episode of mock players
Replies = dict[str, list[str]]  # by player
Scores = dict[str, Any]


@dataclass
class Script:
    """An episode that both play: its instance, and what its players say."""

    instance: ClembenchInstance
    replies: Replies
    recorded: RecordedEpisode | None = None


class ScriptedSeats(Agent):
    """Says what the scripts say, after a while."""

    name = "scripted"

    def __init__(self, scripts: Sequence[Script], delay: float) -> None:
        self.left = {script.instance.label: {who: list(said) for who, said in script.replies.items()} for script in scripts}
        self.delay, self.turns = delay, 0

    async def reply(self, view: View) -> Message:
        """Sleep first."""
        await asyncio.sleep(self.delay)
        self.turns += 1
        left = self.left[view.key.instance].get(player_of(view.seat))
        if not left:
            raise LimitReached("nothing more was recorded", "limit")
        return Message(view.seat, left.pop(0))


@dataclass
class Peer:
    """What clemcore's callbacks tell: who sits where, and what was said."""

    script: Script | None = None
    said: Replies = field(default_factory=dict)

    def on_game_start(self, master: Any, instance: object) -> None:
        """Give each model the replies of its player."""
        for player in master.get_players():
            if self.script and hasattr(player.model, "left"):
                player.model.left = list(self.script.replies.get(player.name, ()))

    def on_game_step(self, master: object, instance: object, step: Any) -> None:
        """Note what was said. Raises RuntimeError where mock players do not come to an end."""
        if sum(map(len, self.said.values())) >= MOST_MOCKED:
            raise RuntimeError("mock players that do not come to an end")
        self.said.setdefault(step.player_name, []).append(step.response)

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *_, **__: None


def scripted_model(delay: float, counted: Counter[str]) -> Any:
    """A model of clemcore that says what is left to say, after a while."""

    def generate(model: Any, messages: object) -> tuple[object, dict[str, object], str]:
        time.sleep(delay)
        counted["turns"] += 1
        return messages, {}, model.left.pop(0)

    kind = type("ScriptedModel", (clemcore().Model,), {"generate_response": generate, "left": []})
    made = kind(clemcore().ModelSpec(model_name="clemsim"))
    made.set_gen_args(temperature=0.0, max_tokens=300)
    return made


def run_peer(arena: ClembenchGame, script: Script, models: list[Any], callbacks: list[Any]) -> None:
    """One episode by clemcore's own runner."""
    code, instance = arena.code, script.instance
    settings = instance.settings or settings_of(code, instance.experiment)
    row = {"game_name": code.name, "experiment": settings, "game_instance": pickle.loads(pickle.dumps(instance.data))}
    run = import_module("clemcore.clemgame.runners.sequential").run
    games = import_module("clemcore.clemgame")
    with code.inside(), redirect_stderr(io.StringIO()):
        random.seed(instance.seed)
        if numpy := import_module("numpy"):
            numpy.random.seed(instance.seed)
        rows = games.GameInstances(code.name, [row])
        run(code.benchmark, rows, models, callbacks=clemcore().GameBenchmarkCallbackList(callbacks))


def mocked(arena: ClembenchGame, each: int) -> list[Script]:
    """Episodes with what the game's own mock players say."""
    custom = import_module("clemcore.backends").CustomResponseModel
    all_ = arena.instances()
    scripts = []
    for instance in all_[:: max(1, len(all_) // each)][:each]:
        peer = Peer()
        run_peer(arena, Script(instance, {}), [custom() for _ in range(arena.code.spec.players)], [peer])
        said = {player: said for player, said in peer.said.items() if any(player == player_of(seat) for seat in arena.seats)}
        scripts.append(Script(instance, said))
    return scripts


def peer_scores(arena: ClembenchGame, scripts: Sequence[Script], delay: float) -> tuple[dict[str, Scores], int, float]:
    """What clemcore's own scorer says of each, how many turns it were, and how long the play took."""
    files = import_module("clemcore.clemgame.callbacks.files")
    counted, found, seconds = Counter[str](), dict[str, Scores](), 0.0
    models = [scripted_model(delay, counted) for _ in range(arena.code.spec.players)]
    with TemporaryDirectory() as name:
        folder = files.ResultsFolder(Path(name), "scripted")
        savers = [files.InstanceFileSaver(folder), files.ExperimentFileSaver(folder), files.PlayerFileSaver(folder)]
        savers.append(files.InteractionsFileSaver(folder, player_model_infos=clemcore().Model.to_infos(models)))
        for script in scripts:
            begun = time.perf_counter()
            run_peer(arena, script, models, [Peer(script), *savers])
            seconds += time.perf_counter() - begun
        with arena.code.inside(), redirect_stderr(io.StringIO()):
            arena.code.benchmark.compute_scores(sorted(Path(name).rglob("interactions.json")))
        for path in sorted(Path(name).rglob("scores.json")):
            data = json.loads(path.read_text(encoding="utf-8"))
            instance = json.loads((path.parent / "instance.json").read_text(encoding="utf-8"))
            found[f"{path.parent.parent.name}/{int(instance['game_id'])}"] = data[EPISODE]
    return found, counted["turns"], seconds


async def own_scores(arena: ClembenchGame, scripts: Sequence[Script], delay: float) -> tuple[dict[str, Scores], int, float]:
    """The same by clemsim, all at once and recorded."""
    agent, collector = ScriptedSeats(scripts, delay), ResultCollector()
    episodes = arena.episodes([script.instance for script in scripts], agent)
    with TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "run.db")
        for episode in episodes:
            store.enlist(episode.key, episode.instance, arena.rules_version)
        begun = time.perf_counter()
        await Scheduler(Broadcast(store, collector), WIDTH).play(episodes)
        seconds = time.perf_counter() - begun
        store.close()
    found = {key.instance: noted(result.transcript, EPISODE) for key, result in collector.results.items()}
    return found, agent.turns, seconds


def same(own: Scores | None, other: Scores | None) -> bool:
    """Whether all scores are, or neither side came to any."""
    if not own or not other:
        return not own and not other
    return all(alike_scores(own.get(name), other.get(name)) for name in {*own, *other})


def native_agrees(redriver: Redriver, episode: RecordedEpisode, scores: Scores) -> bool | None:
    """Whether the native game gives the same numbers; None where there is none, or it does not drive this episode."""
    driven = redriver.drive(episode)
    if driven is None or driven.outcome is None:
        return None
    own = numbers(scores)
    return all(alike(value, own[name]) for name, value in driven.scores.items() if name in own)


def against_recordings(arena: ClembenchGame, scripts: Sequence[Script]) -> dict[str, Any]:
    """How many recorded episodes come to the recorded scores, and to those of the native game."""
    recorded = [script.recorded for script in scripts if script.recorded]
    counts, why = Counter[str](), Counter[str]()
    with TemporaryDirectory() as folder:
        redriver = Redriver(Path(folder), rules=PRESENT)
        for episode in recorded:
            replay = drive_recorded(arena, episode)
            counts["as recorded"] += not replay.problem and not replay.differing
            why[replay.problem.split("(")[0] or ", ".join(replay.differing)] += 1
            agrees = native_agrees(redriver, episode, dict(replay.scores)) if replay.scores else None
            counts["native"] += agrees is not None
            counts["as native"] += bool(agrees)
    told = {"recorded": len(recorded), "as_recorded": counts["as recorded"]}
    others = ", ".join(f"{text} ({n})" for text, n in why.most_common(3) if text)
    return {**told, "native": counts["native"], "as_native": counts["as native"], "else": others[:200]}


def scripts_of(arena: ClembenchGame, results: Path | None, each: int) -> list[Script]:
    """The recorded episodes of a game; with none, those of mock players."""
    folder = results / arena.code.name if results else None
    if folder is None or not folder.is_dir():
        return mocked(arena, each)
    configs: dict[Path, Any] = {}
    episodes = [read_episode(path, folder.name, configs) for path in find_models([folder])[0].episodes]
    return [Script(instance_of(episode), replies_of(episode), episode) for episode in episodes]


def played(checkout: Path, game: str, options: argparse.Namespace) -> dict[str, Any]:
    """One game, by both."""
    arena = find_arena(f"clembench:{checkout}/{game}")(verbatim=True)
    if not isinstance(arena, ClembenchGame):
        raise TypeError(game)
    arena.warm_up()
    scripts = scripts_of(arena, options.results, options.each)
    some = scripts[:: max(1, len(scripts) // options.each)][: options.each]
    theirs, their_turns, their_seconds = peer_scores(arena, some, options.delay)
    own, turns, seconds = run_async(own_scores(arena, some, options.delay))
    labels = [script.instance.label for script in some]
    return {
        **against_recordings(arena, scripts),
        "episodes": len(some),
        "as_clemcore": sum(same(own.get(label), theirs.get(label)) for label in labels),
        "clemcore_scored": len(theirs),
        "turns": turns,
        "clemcore_turns": their_turns,
        "turns_a_second": round(turns / seconds, 1),
        "clemcore_turns_a_second": round(their_turns / their_seconds, 1),
        "ratio": round((turns / seconds) / (their_turns / their_seconds), 1) if their_turns else None,
    }


def table(found: dict[str, dict[str, Any]]) -> str:
    """The table in Markdown."""
    lines = [
        "| game | as recorded | as native | as clemcore | turns/s | clemcore's | ratio | |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for game, own in found.items():
        if "problem" in own:
            lines.append(f"| {game} | | | | | | | {own['problem']} |")
            continue
        counts = [f"{own[f'as_{what}']}/{own[of]}" for what, of in (("recorded", "recorded"), ("native", "native"))]
        counts.append(f"{own['as_clemcore']}/{own['episodes']}")
        speeds = f"{own['turns_a_second']} | {own['clemcore_turns_a_second']} | {own['ratio']}"
        lines.append(f"| {game} | {' | '.join(counts)} | {speeds} | {own['else']} |")
    return "\n".join(lines)


def main(options: argparse.Namespace) -> None:
    """All games."""
    logging.disable()
    checkout = options.checkout.resolve()
    registry = clemcore().GameRegistry()
    registry.register_from_directories(str(checkout), 0)
    found: dict[str, Any] = {}
    for game in options.games or sorted(spec.game_name for spec in registry):
        try:
            found[game] = played(checkout, game, options)
        except ClemsimError as error:
            found[game] = {"problem": str(error).replace(f"{checkout}/", "")}
        if options.table:
            print(table({game: found[game]}).splitlines()[-1], flush=True)
    show({"benchmark": "clembench_games", "delay": options.delay, "width": WIDTH, **found})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkout", type=Path)
    parser.add_argument("games", nargs="*", metavar="GAME")
    parser.add_argument("--results", type=Path, help="recorded results of one model: GAME/EXPERIMENT/instance_00000/...")
    parser.add_argument("--each", type=int, default=10, help="episodes of each game that both play")
    parser.add_argument("--delay", type=float, default=0.05, help="seconds that a reply takes")
    parser.add_argument("--table", action="store_true", help="print a table in Markdown, row by row")
    main(parser.parse_args())
