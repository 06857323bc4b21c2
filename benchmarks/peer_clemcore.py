"""How much faster than clemcore is a run, with the same number of requests to the same server?

Sixty episodes of a word game of six requests each, against a server that takes 50 ms a reply. clemcore (from PyPI, in an
environment of its own) plays them with its OpenAI-compatible backend, one after the other as it does, and in lock-step
batches of all episodes with a threaded backend that it does not have; clemsim plays taboo. The server takes the time,
from the first request to the last answer, so that nobody's start-up counts. Prints JSON and a table; `ideal` is the
longest chain of turns.
usage: python benchmarks/peer_clemcore.py CLEM [--episodes 60] [--delay 0.05]
CLEM is clemcore's command: python -m venv E && E/bin/pip install clemcore==3.7.2, then E/bin/clem
"""

import argparse
import json
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from chat_server import chat_server
from clemcore_run import name_model, run_clem
from clemsim_arenas.taboo.game import Taboo, Word
from report import show

from clemsim.cli.common import run_async
from clemsim.engines.base import Sampling
from clemsim.engines.chat import ChatEngine
from clemsim.runtime.agent import opened
from clemsim.runtime.model_agent import ModelAgent
from clemsim.runtime.scheduler import Scheduler
from clemsim.store.writer import RunStore

GAME = Path(__file__).parent / "peer"
TURNS = 6


def lay_out(folder: Path, url: str, episodes: int) -> None:
    """What clemcore needs in its working directory: the game with its instances, the model, the key."""
    game = folder / "words"
    (game / "in").mkdir(parents=True)
    shutil.copy(GAME / "master.py", game)
    shutil.copy(GAME / "threaded_api.py", folder)
    about = {"game_name": "words", "description": "words", "main_game": "words", "players": 2, "languages": ["en"]}
    prompts = {"describer": Taboo().prompt("describer", target="apple", related="fruit", rounds=3), "guesser": "Guess it."}
    instances = {"experiments": [{"name": "one", "game_instances": [{"game_id": n, **prompts} for n in range(episodes)]}]}
    name_model(folder, url, ("openai_compatible", "threaded"))
    for name, data in (("words/clemgame.json", about), ("words/in/instances.json", instances)):
        (folder / name).write_text(json.dumps(data))


async def clemcore(clem: str, folder: Path, model: str, batch: int) -> None:
    """One run of clemcore."""
    await run_clem(clem, folder, *("-g", "words", "-m", model, "-b", str(batch), "-r", f"results-{model}-{batch}"))


async def clemsim(url: str, episodes: int) -> None:
    """One run of clemsim, recorded."""
    taboo = Taboo()
    agent = ModelAgent(ChatEngine("fake", url), Sampling())
    some = taboo.episodes([Word(id=number, target="apple", related=("fruit",)) for number in range(episodes)], agent)
    with TemporaryDirectory() as folder:
        store = RunStore(Path(folder) / "run.db")
        for episode in some:
            store.enlist(episode.key, episode.instance, taboo.version)
        async with opened([agent]):
            await Scheduler(store).play(some)
        store.close()


async def main(options: argparse.Namespace) -> None:
    """All three."""
    expected = options.episodes * TURNS
    found: dict[str, Any] = {}
    with TemporaryDirectory() as name, chat_server(options.delay) as server:
        lay_out(Path(name), server.url, options.episodes)
        runs = {
            "clemsim": clemsim(server.url, options.episodes),
            "clemcore": clemcore(options.clem, Path(name), "fake-openai_compatible", 1),
            "clemcore_lock_step_threaded": clemcore(options.clem, Path(name), "fake-threaded", options.episodes),
        }
        for who, run in runs.items():
            await run
            served = server.take()
            if served.requests != expected:
                raise RuntimeError(f"{who} made {served.requests} requests, not {expected}")
            found[who] = round(served.seconds, 3)
    ideal = TURNS * options.delay
    ratios = {f"{who}_over_clemsim": round(found[who] / found["clemsim"], 1) for who in list(found)[1:]}
    seconds = {"ideal": ideal, **found}
    show({"benchmark": "peer_clemcore", "requests": expected, "seconds": seconds, **ratios})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clem", metavar="CLEM")
    parser.add_argument("--episodes", type=int, default=60)
    parser.add_argument("--delay", type=float, default=0.05, help="seconds a reply takes")
    run_async(main(parser.parse_args()))
