"""A tournament of policies in a PettingZoo environment: which column is best to drop into, against all other columns?

Run it: python examples/environments/train_pettingzoo.py          (pip install 'clemsim[rl]')
"""

from collections import Counter
from itertools import permutations
from pathlib import Path

from clemsim.interop.environments.pettingzoo import ArenaAEC, aec_env

GAME = f"{Path(__file__).parents[1]}/cookbook/connect_four.py:ConnectFour"


def policy(column: int, messages: list[dict[str, str]]) -> str:
    """Drop into a column, and into the next one when it is full."""
    full = sum("is full" in message["content"] for message in messages)
    return f"DROP: {(column - 1 + full) % 7 + 1}"


def play(env: ArenaAEC, columns: dict[str, int]) -> dict[str, float]:
    """Play one episode, and return what each seat has earned."""
    env.reset(seed=1, options={"instance": 0})
    earned: dict[str, float] = {}
    for agent in env.agent_iter():
        _, reward, over, _, info = env.last()
        if over:
            earned[agent] = reward
        env.step(None if over else policy(columns[agent], info["messages"]))
    return earned


def main() -> None:
    """Let every column play against every other in both seats."""
    env, won = aec_env(GAME), Counter[int]()
    for red, yellow in permutations(range(1, 8), 2):
        earned = play(env, {"red": red, "yellow": yellow})
        won.update({red: int(earned["red"]), yellow: int(earned["yellow"])})
    for column, games in sorted(won.items()):
        print(f"column {column}: won {games} of 12")


if __name__ == "__main__":
    main()
