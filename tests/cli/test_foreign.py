"""Games of other frameworks: what plays again as it was recorded is gone on with, and everything else begins anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from clemsim.game.events import Event
from clemsim.store import reader
from clemsim.store.folder import STORE, read_description
from tests.cli.conftest import Clemsim, start
from tests.cli.test_run import transcripts, wait_for_events
from tests.engines.servers import MODEL, FakeServer, serving_in_thread

DICE = """
import asyncio
import secrets
from clemsim import Agent, Arena, Instance, Message, Outcome

class Dice(Arena[Instance]):
    name = "dice"
    seats = ("one",)
    foreign = "Dicer 1.0"

    def instances(self):
        return [Instance(experiment="default", id=n, seed=n) for n in range(3)]

    async def play(self, table, instance):
        for turn in range(3):
            await table.ask("one", f"You rolled {self.roll(table)}. And now?")
        return Outcome.success()

    def roll(self, table):
        return table.rng.randrange(10**9)

class Loaded(Dice):
    name = "loaded"
    def roll(self, table):
        return secrets.randbelow(10**9)

class Slow(Agent):
    name = "slow"
    async def reply(self, view):
        await asyncio.sleep(0.2)
        return Message(view.seat, "well")

class Own(Loaded):
    name = "own"
    foreign = ""
"""


@pytest.fixture
def dice(tmp_path: Path) -> None:
    (tmp_path / "dice.py").write_text(DICE)


def begun_and_gone_on(clemsim: Clemsim, kind: str, limit: int = 4) -> tuple[list[list[Event]], int, int]:
    """Play four of nine turns of three episodes, and the others in a second session. Return what was recorded first, how
    many requests were made and the code of `resume`.
    """
    with serving_in_thread(FakeServer()) as server:
        spec = f"{MODEL}@{server.url}"
        words = ("--arena", f"dice.py:{kind}", "--agent", spec, "--width", 1, "--max-requests", limit)
        assert clemsim("run", *words, "--out", "r").code == 1
        first = list(transcripts(Path("r")).values())
        return first, len(server.bodies), clemsim("resume", "r").code


def test_a_game_that_plays_as_it_was_recorded_is_gone_on_with(dice: None, clemsim: Clemsim) -> None:
    first, requests, code = begun_and_gone_on(clemsim, "Dice")
    assert (requests, code) == (4, 0)
    said = clemsim("show", "r", "--json").json
    assert "restarts" not in said and said["throughput"]["requests"] == 9
    last = list(transcripts(Path("r")).values())
    assert all(now[: len(before)] == before for now, before in zip(last, first, strict=True))
    assert clemsim("replay", "r").code == 0
    recorded = read_description(Path("r")).arenas["dice"]
    assert (recorded.foreign, recorded.version) == ("Dicer 1.0", "dicer-1.0+1")


def test_one_that_does_not_begins_anew_and_says_so(dice: None, clemsim: Clemsim) -> None:
    first, _, code = begun_and_gone_on(clemsim, "Loaded")
    assert code == 0
    said = clemsim("show", "r", "--json").json
    (restarts,) = said["restarts"].values()
    assert (restarts["episodes"], restarts["foreign"], restarts["turns"], restarts["tokens_in"]) == (1, "Dicer 1.0", 1, 5)
    line = "1 episode of loaded began anew, as Dicer 1.0 does not play again as recorded"
    assert line in " ".join(clemsim("show", "r").out.split())
    last = list(transcripts(Path("r")).values())
    assert last[0] == first[0]  # what has ended stays
    assert last[1][0] != first[1][0] and len(last[1]) == len(last[0])
    with reader.reading(Path("r") / STORE) as base:
        kept = "SELECT value->>1 FROM restarts, json_each(kept, '$.events') WHERE episode = 2"
        assert [kind for (kind,) in base.execute(kept)] == ["asked", "replied", "parsed", "asked"][: len(first[1])]


def test_it_can_neither_be_replayed_nor_branched_off_from(dice: None, clemsim: Clemsim) -> None:
    begun_and_gone_on(clemsim, "Loaded")
    said = clemsim("replay", "r")
    assert said.code == 1 and said.out.count("Dicer 1.0 does not play it again as it was recorded") == 3
    said = clemsim("branch", "r", 1, "--turn", 2, "--agent", "random")
    assert said.code == 2 and len(said.err.splitlines()) == 1
    assert "loaded/default/0 cannot be branched off from: Dicer 1.0" in said.err


def test_a_game_of_ones_own_is_refused_as_ever(dice: None, clemsim: Clemsim) -> None:
    first, _, code = begun_and_gone_on(clemsim, "Own")
    assert code == 2 and list(transcripts(Path("r")).values())[:2] == first[:2]


def test_a_killed_run_begins_anew_what_had_not_ended(dice: None, clemsim: Clemsim, tmp_path: Path) -> None:
    process = start("run", "--arena", "dice.py:Loaded", "--agent", "dice.py:Slow", "--out", "r", cwd=tmp_path)
    wait_for_events(tmp_path / "r" / STORE, 7)
    process.kill()
    process.communicate()
    said = clemsim("resume", "r", "--json").json
    assert said["unfinished"] == 0 and said["restarts"]["loaded"]["episodes"] == 3
    sizes = {len(events) for events in transcripts(Path("r")).values()}
    assert len(sizes) == 1  # nothing of what was played before is left among the events


@pytest.mark.usefixtures("dice")
def test_replies_cannot_be_held_to_a_form_that_a_foreign_game_does_not_name(clemsim: Clemsim, tmp_path: Path) -> None:
    said = clemsim("run", "--arena", "dice.py:Dice", "--agent", "random", "--constrain", "--out", "r")
    assert said.code == 2 and not (tmp_path / "r").exists()
    assert said.err == "clemsim: --constrain: dice names no form that replies could be held to: leave it out\n"
