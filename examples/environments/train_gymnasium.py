"""A search among policies in a Gymnasium environment: which column is best to drop into, against a player who draws?

Run it: python examples/environments/train_gymnasium.py          (pip install 'clemsim[rl]')
"""

from pathlib import Path
from random import Random
from typing import Any

from clemsim import View
from clemsim.interop.environments.gym import ArenaGym

GAME = f"{Path(__file__).parents[1]}/cookbook/connect_four.py:ConnectFour"
EPISODES = 50


def draw(view: View) -> str:
    """Play the other seat: any column, decided by game and turn."""
    return f"DROP: {Random(view.seed).randint(1, 7)}"


def policy(column: int, messages: list[dict[str, str]]) -> str:
    """Drop into a column, and into the next one when it is full."""
    full = sum("is full" in message["content"] for message in messages)
    return f"DROP: {(column - 1 + full) % 7 + 1}"


def mean_reward(env: ArenaGym, column: int) -> float:
    """Play episodes by one policy."""
    earned = 0.0
    for seed in range(EPISODES):
        _, info = env.reset(seed=seed)
        over, reward = False, 0.0
        while not over:
            _, reward, over, _, info = env.step(policy(column, info["messages"]))
        earned += reward
    return earned / EPISODES


def main() -> None:
    """Try every column and keep the best."""
    env: Any = ArenaGym(GAME, seat="red", others=draw)
    rewards = {column: mean_reward(env, column) for column in range(1, 8)}
    for column, reward in rewards.items():
        print(f"column {column}: {reward:.2f}")
    print(f"best: column {max(rewards, key=rewards.__getitem__)}")


if __name__ == "__main__":
    main()
