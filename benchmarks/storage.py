"""How many bytes a turn takes, in short games and in long ones, beside clembench's layout for the same play.

Prints JSON and a table; `ratio_of_long_to_short` is 1 where storage grows linearly with the turns.
usage: python benchmarks/storage.py [--episodes 100]
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from report import show

from clemsim import Arena, EpisodeKey, Instance, Message, Outcome, Table, anything
from clemsim.game.messages import Usage
from clemsim.interop.clembench.exporting import ExportedEpisode, episode_files
from clemsim.store.reader import EpisodeRow
from clemsim.store.writer import RunStore

TEXT = "A sentence of about the length that is said in such a game, neither short nor long. "


class Talk(Arena[Instance]):
    """So many turns of the same length."""

    name, seats = "talk", ("one",)

    def __init__(self, turns: int) -> None:
        super().__init__()
        self.turns = turns

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Ask again and again."""
        for _ in range(self.turns):
            await table.ask("one", TEXT, parse=anything())
        return Outcome.success()


def play(arena: Talk, key: EpisodeKey) -> tuple[list[Any], dict[int, dict[str, Any]]]:
    """The events of an episode, and what its requests cost, as a server would have it."""
    driven = arena.drive(Instance(), key)
    costs = {}
    while driven.outcome is None:
        turn = driven.pending[0].turn
        costs[turn] = {"seat": "one", "agent": "m", "turn": turn, "started": 1.0, "tokens_in": 20 * turn, "tokens_out": 20}
        driven.answer(turn, Message("one", TEXT))
    return driven.events, costs


def stored(turns: int, episodes: int, folder: Path) -> float:
    """Bytes a turn in the run store."""
    arena, path = Talk(turns), folder / f"{turns}.db"
    store = RunStore(path)
    for number in range(episodes):
        key = EpisodeKey("talk", "default/0", number, "m")
        store.enlist(key, Instance(), 1)
        events, _ = play(arena, key)
        store.record(key, 0, events)
        driven = arena.drive(Instance(), key)
        while driven.outcome is None:
            ask = driven.pending[0]
            message = Message("one", TEXT, usage=Usage("m", 1, 1.0, 1.0, 20, 20))
            store.request(key, "m", driven.view(ask), message)
            driven.answer(ask.turn, message)
    store.close()
    return path.stat().st_size / turns / episodes


def written(turns: int) -> float:
    """Bytes a turn in clembench's layout, whose requests hold the whole conversation each time."""
    arena = Talk(turns)
    key = EpisodeKey("talk", "default/0", 0, "m")
    events, costs = play(arena, key)
    row = EpisodeRow(1, key, "default", 1, Instance().model_dump(), "done", Outcome.success(), "", "")
    files = episode_files(arena, ExportedEpisode(row, events, costs, {}, []), "m", {})
    calls = files["player_1.requests.json"]["calls"]
    for number, call in enumerate(calls, 1):
        call["call"]["manipulated_prompt_obj"] = conversation(number)
    return sum(len(json.dumps(content, indent=2)) for content in files.values()) / turns


def conversation(turn: int) -> Sequence[dict[str, str]]:
    """What a request of this turn sends, as clemcore keeps it with every request."""
    said = [{"role": "user", "content": TEXT}, {"role": "assistant", "content": TEXT}] * turn
    return said[:-1]


def main(episodes: int) -> None:
    """Two turns and a hundred."""
    with TemporaryDirectory() as name:
        short, long = (stored(turns, episodes, Path(name)) for turns in (2, 100))
    their_short, their_long = written(2), written(100)
    show(
        {
            "benchmark": "storage",
            "bytes_per_turn": {"2 turns": round(short), "100 turns": round(long)},
            "ratio_of_long_to_short": round(long / short, 2),
            "clembench_bytes_per_turn": {"2 turns": round(their_short), "100 turns": round(their_long)},
            "clembench_ratio_of_long_to_short": round(their_long / their_short, 2),
        }
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=100)
    main(parser.parse_args().episodes)
