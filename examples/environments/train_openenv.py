"""A search among policies with clients of OpenEnv, all episodes of a policy at once.

Run it: python examples/environments/train_openenv.py          (pip install 'clemsim[openenv]')
    or: clemsim serve-env examples/cookbook/connect_four.py:ConnectFour --seat red
        python examples/environments/train_openenv.py http://127.0.0.1:8000
"""

import asyncio
import subprocess
import sys
from pathlib import Path

from clemsim.interop.environments.openenv import ArenaClient, SeatAction

GAME = f"{Path(__file__).parents[1]}/cookbook/connect_four.py:ConnectFour"
EPISODES = 50


def policy(column: int, messages: list[dict[str, str]]) -> str:
    """Drop into a column, and into the next one when it is full."""
    full = sum("is full" in message["content"] for message in messages)
    return f"DROP: {(column - 1 + full) % 7 + 1}"


async def play(url: str, column: int, seed: int) -> float:
    """Play one episode in a session of its own, and return the reward."""
    async with ArenaClient(base_url=url) as env:
        result = await env.reset(seed=seed)
        while not result.done:
            result = await env.step(SeatAction(text=policy(column, result.observation.messages)))
        return float(result.reward)


async def search(url: str) -> None:
    """Try every column and keep the best."""
    rewards = {}
    for column in range(1, 8):
        earned = await asyncio.gather(*(play(url, column, seed) for seed in range(EPISODES)))
        rewards[column] = sum(earned) / EPISODES
        print(f"column {column}: {rewards[column]:.2f}")
    print(f"best: column {max(rewards, key=rewards.__getitem__)}")


def main() -> None:
    """Search at the server that is named, or at one of our own."""
    if len(sys.argv) > 1:
        asyncio.run(search(sys.argv[1]))
        return
    command = [sys.executable, "-m", "clemsim.cli.main", "serve-env", GAME, "--seat", "red", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
        assert server.stderr
        try:
            line = server.stderr.readline()
            asyncio.run(search(next(word for word in line.split() if word.startswith("http"))))
        finally:
            server.terminate()
            server.stderr.read()


if __name__ == "__main__":
    main()
