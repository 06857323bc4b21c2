"""A search among models with rollouts of verifiers: which of three has the most reward in the seat?

Run it: python examples/environments/train_verifiers.py          (pip install 'clemsim[verifiers]'; three simulated models)
    or: python examples/environments/train_verifiers.py http://127.0.0.1:8000/v1 qwen qwen-tuned
"""

import asyncio
import sys
from pathlib import Path
from typing import Any

import verifiers.v1 as vf

from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.interop.environments.verifiers import load_environment

GAME = f"{Path(__file__).parents[1]}/cookbook/connect_four.py:ConnectFour"


def answer(body: Any) -> str:
    """Reply as the simulated models do: drop into the column of the model, and into the next one when it is full."""
    full = sum("is full" in str(message["content"]) for message in body["messages"])
    return f"DROP: {(int(body['model'][-1]) - 1 + full) % 7 + 1}"


async def mean_reward(env: Any, url: str, model: str) -> float:
    """Play a rollout of each task, all at once."""
    context = vf.ModelContext(
        model=model, client=vf.EvalClientConfig(base_url=url), sampling=vf.SamplingConfig(max_tokens=100)
    )
    slots = [slot for task in env.taskset for slot in env.slots(task)]
    episodes = await asyncio.gather(*(env.run_slot(slot, context) for slot in slots))
    return float(sum(episode.traces[0].reward for episode in episodes) / len(episodes))


async def search(url: str, models: list[str]) -> None:
    """Try every model and keep the best."""
    env = load_environment(arena=GAME, seat="red", seed=1)
    async with env.serving():
        rewards = {model: await mean_reward(env, url, model) for model in models}
    for model, reward in rewards.items():
        print(f"{model}: {reward:.2f}")
    print(f"best: {max(rewards, key=rewards.__getitem__)}")


async def main() -> None:
    """Search at the server that is named, or at a simulated one."""
    if len(sys.argv) > 2:
        await search(sys.argv[1], sys.argv[2:])
        return
    models = ["column-1", "column-4", "column-7"]
    spec = Spec(model=models[0], adapters=tuple(models[1:]), first_token=0.0, interval=0.0)
    async with SimulatedServer(spec, answer).serving() as server:
        await search(f"{server.url}/v1", models)


if __name__ == "__main__":
    asyncio.run(main())
