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
import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

from aiohttp import web
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


@dataclass
class Server:
    """Answers every chat completion after a while, and takes the time."""

    delay: float
    requests: int = 0
    first: float = 0.0
    last: float = 0.0

    def reset(self) -> None:
        """Nothing was asked yet."""
        self.requests, self.first, self.last = 0, 0.0, 0.0

    async def complete(self, request: web.Request) -> web.Response:
        """One reply in the format of taboo."""
        self.first = self.first or perf_counter()
        self.requests += 1
        sent = await request.json()
        await asyncio.sleep(self.delay)
        text = "GUESS: nothing" if "Guess it" in sent["messages"][0]["content"] else "CLUE: something"
        self.last = perf_counter()
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
        about = {"id": "x", "object": "chat.completion", "created": 0, "model": "fake"}
        return web.json_response({**about, "choices": [choice], "usage": usage})

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Its address."""
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self.complete)
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()


def lay_out(folder: Path, url: str, episodes: int) -> None:
    """What clemcore needs in its working directory: the game with its instances, the model, the key."""
    game = folder / "words"
    (game / "in").mkdir(parents=True)
    shutil.copy(GAME / "master.py", game)
    shutil.copy(GAME / "threaded_api.py", folder)
    about = {"game_name": "words", "description": "words", "main_game": "words", "players": 2, "languages": ["en"]}
    prompts = {"describer": Taboo().prompt("describer", target="apple", related="fruit", rounds=3), "guesser": "Guess it."}
    instances = {"experiments": [{"name": "one", "game_instances": [{"game_id": n, **prompts} for n in range(episodes)]}]}
    models = [
        {"model_name": f"fake-{backend}", "model_id": "fake", "backend": backend}
        for backend in ("openai_compatible", "threaded")
    ]
    keys = {"openai_compatible": {"api_key": "none", "base_url": url}}
    for name, data in (("words/clemgame.json", about), ("words/in/instances.json", instances)):
        (folder / name).write_text(json.dumps(data))
    (folder / "model_registry.json").write_text(json.dumps(models))
    (folder / "key.json").write_text(json.dumps(keys))


async def clemcore(clem: str, folder: Path, model: str, batch: int) -> None:
    """One run of clemcore. Raises RuntimeError when it fails."""
    words = ["run", "-g", "words", "-m", model, "-b", str(batch), "-r", f"results-{model}-{batch}"]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    process = await asyncio.create_subprocess_exec(
        clem, *words, cwd=folder, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(said.decode()[-2000:])


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
    server, expected = Server(options.delay), options.episodes * TURNS
    found: dict[str, Any] = {}
    with TemporaryDirectory() as name:
        async with server.serving() as url:
            lay_out(Path(name), url, options.episodes)
            runs = {
                "clemsim": clemsim(url, options.episodes),
                "clemcore": clemcore(options.clem, Path(name), "fake-openai_compatible", 1),
                "clemcore_lock_step_threaded": clemcore(options.clem, Path(name), "fake-threaded", options.episodes),
            }
            for who, run in runs.items():
                server.reset()
                await run
                if server.requests != expected:
                    raise RuntimeError(f"{who} made {server.requests} requests, not {expected}")
                found[who] = round(server.last - server.first, 3)
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
