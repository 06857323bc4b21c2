"""Exports to train on: conversations with rewards, and pairs; read by `datasets` and TRL where they are installed."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

import clemsim
from clemsim import Arena, Instance, Invalid, Outcome, Parser, Table
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import UsageError
from clemsim.game.events import Replied
from clemsim.interop.export import FORMATS
from clemsim.interop.pairs import write_pairs_of_all
from clemsim.runs.recorded_requests import recorded_requests
from clemsim.runs.replay import branch
from clemsim.store.config import RunConfig
from clemsim.store.folder import CONFIG, STORE

WAREHOUSE = "examples/cookbook/warehouse.py:Warehouse"


def lines(run: Path, out: Path, name: str = "training") -> list[dict[str, Any]]:
    count = FORMATS[name].export(run, out, trust=True)
    found = [orjson.loads(line) for line in out.read_bytes().splitlines()]
    assert len(found) == count
    return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> clemsim.Run:
    """A run of a simulated server; one game asks aside, one calls tools."""
    folder = tmp_path_factory.mktemp("served") / "run"

    async def play() -> clemsim.Run:
        async with SimulatedServer(Spec(model="fake", first_token=0.0, interval=0.0)).serving() as server:
            agent = f"fake@{server.url}/v1?system=Be kind."
            arenas = ["privateshared", "taboo", WAREHOUSE]
            return await clemsim.run(arenas=arenas, agents=agent, instances=1, out=folder)

    return asyncio.run(play())


@pytest.fixture(scope="module")
def repeated(tmp_path_factory: pytest.TempPathFactory) -> clemsim.Run:
    """A run in which two players play the same instances, one of them several times with other draws."""
    folder = tmp_path_factory.mktemp("repeated") / "run"
    run = clemsim.run(suite="quick", arenas=["taboo"], agents=["random", "baseline"], repetitions=2, instances=2, out=folder)
    return asyncio.run(run)


def test_each_reply_stands_once_behind_what_its_model_was_sent(served: clemsim.Run, tmp_path: Path) -> None:
    found = lines(served.folder, tmp_path / "out.jsonl")
    replies = {
        (line["episode"], turn["turn"]): (line["messages"][: turn["message"]], line["messages"][turn["message"]])
        for line in found
        for turn in line["turns"]
    }
    events = {
        (number, event.turn): event
        for number in range(1, served.summary.episodes + 1)
        for event in served.transcript(number).events
        if isinstance(event, Replied)
    }
    assert replies.keys() == events.keys() and len(replies) == sum(len(line["turns"]) for line in found)
    sent = Counter(orjson.dumps(messages) for messages, _ in replies.values())
    assert all(messages[0] == {"role": "system", "content": "Be kind."} for messages, _ in replies.values())
    asked = [[{**message} for message in request.sent] for request in recorded_requests(served.folder, trust=True)]
    for messages in asked:
        for call in (call for message in messages for call in message.get("tool_calls", ())):
            call["function"] = {**call["function"], "arguments": orjson.loads(call["function"]["arguments"])}
    assert sent == Counter(orjson.dumps([{"role": "system", "content": "Be kind."}, *messages]) for messages in asked)
    assert all(answer["role"] == "assistant" for _, answer in replies.values())


def test_events_alone_tell_what_seats_saw(served: clemsim.Run, tmp_path: Path) -> None:
    """An imported run cannot be driven; here the store of another is taken for one."""
    run = tmp_path / "run"
    shutil.copytree(served.folder, run)
    with closing(sqlite3.connect(run / STORE)) as base, base:
        base.execute("DELETE FROM episodes WHERE arena = 'warehouse'")
    driven = lines(run, tmp_path / "driven.jsonl")
    description = (run / CONFIG).read_text()
    (run / CONFIG).write_text(description.replace("[config]\n", '[config]\nimported = "elsewhere"\n', 1))
    told = lines(run, tmp_path / "told.jsonl")
    assert {line["game"] for line in told} == {"privateshared", "taboo"}
    assert told == driven
    run = tmp_path / "tools"
    shutil.copytree(served.folder, run)
    (run / CONFIG).write_text(description.replace("[config]\n", '[config]\nimported = "elsewhere"\n', 1))
    with pytest.raises(UsageError, match="warehouse/default/0 calls tools"):
        lines(run, tmp_path / "out.jsonl")


def test_tokens_and_tools_stand_in_every_line_of_a_run_that_has_them(served: clemsim.Run, tmp_path: Path) -> None:
    run = tmp_path / "run"
    shutil.copytree(served.folder, run)
    ids, likely = {"prompt": [1, 2], "reply": [3, 4]}, [["Yes", -0.5, [["Yes", -0.5], ["No", -2.0]]], [".", -0.1, []]]
    with closing(sqlite3.connect(run / STORE)) as base, base:
        rows = [(1, 1, "token_ids", orjson.dumps(ids).decode()), (1, 1, "logprobs", orjson.dumps(likely).decode())]
        base.executemany("INSERT INTO details VALUES (?, ?, ?, ?)", rows)
    found = lines(run, tmp_path / "out.jsonl")
    assert all(set(line) == set(found[0]) for line in found)
    turns = [turn for line in found for turn in line["turns"]]
    told = {"prompt_token_ids": [1, 2], "token_ids": [3, 4], "tokens": ["Yes", "."], "logprobs": [-0.5, -0.1]}
    assert {name: turns[0][name] for name in told} == told
    assert all({name: turn[name] for name in told} == {name: [] for name in told} for turn in turns[1:])
    tools = {line["game"]: orjson.loads(line["tools"]) for line in found}
    assert tools["taboo"] == [] and [each["function"]["name"] for each in tools["warehouse"]] == ["stock", "price"]


def test_each_seat_gets_its_own_reward(repeated: clemsim.Run, tmp_path: Path) -> None:
    found = lines(repeated.folder, tmp_path / "out.jsonl")
    by_outcome = {(line["outcome"], line["seat"], line["reward"]) for line in found}
    assert {seat for _, seat, _ in by_outcome} == {"describer", "guesser"}
    assert all(reward > 0 for outcome, _, reward in by_outcome if outcome == "success")
    assert any(outcome == "success" for outcome, *_ in by_outcome)


def test_a_pair_begins_alike_and_earns_differently(repeated: clemsim.Run, tmp_path: Path) -> None:
    pairs = lines(repeated.folder, tmp_path / "pairs.jsonl", "pairs")
    for pair in pairs:
        assert pair["chosen_reward"] > pair["rejected_reward"] and pair["chosen"] != pair["rejected"]
        for side in ("chosen", "rejected"):
            for name in pair[f"{side}_episodes"]:
                events = repeated.transcript(int(name.split("/")[1])).events
                reply = next(event for event in events if isinstance(event, Replied) and event.turn == pair["turn"])
                assert [{"role": "assistant", "content": reply.content}] == pair[side]


class Doors(Arena[Instance]):
    """Two doors, one after the other: both right earn 100, one right 50."""

    name, version = "doors", 1
    seats = ("guest",)

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """Ask twice."""

        def door(text: str) -> str:
            if text not in ("left", "right"):
                raise Invalid("no door")
            return text

        chosen = [await table.ask("guest", f"Door {number}?", parse=Parser(door)) for number in (1, 2)]
        return Outcome.success(quality=50.0 * chosen.count("left"))

    def instances(self) -> list[Instance]:
        """One."""
        return [Instance(id=0)]


class Guest(clemsim.Agent):
    """Takes the left door, and then, in each repetition, another one; knocks at none in the third."""

    name = "guest"

    async def reply(self, view: clemsim.View) -> clemsim.Message:
        """Reply by the turn and the repetition."""
        later = ("left", "right", "knock")[view.key.repetition % 3]
        return clemsim.Message(view.seat, "left" if view.turn == 1 else later)


class Other(clemsim.Agent):
    """Takes the right door."""

    name = "other"

    async def reply(self, view: clemsim.View) -> clemsim.Message:
        """Reply always the same."""
        return clemsim.Message(view.seat, "right")


HERE = str(Path(__file__).resolve())


async def test_a_branch_is_paired_with_the_episode_that_it_left(tmp_path: Path) -> None:
    await clemsim.run(arenas=f"{HERE}:Doors", agents=f"{HERE}:Guest", repetitions=3, out=tmp_path / "run")
    pairs = lines(tmp_path / "run", tmp_path / "own.jsonl", "pairs")
    assert [(pair["turn"], pair["chosen"][0]["content"], pair["rejected"][0]["content"]) for pair in pairs] == [
        (2, "left", "knock"),
        (2, "left", "right"),
    ]
    assert [(pair["chosen_reward"], pair["rejected_reward"]) for pair in pairs] == [(1.0, -1.0), (1.0, 0.5)]
    asked = [{"role": "user", "content": "Door 1?"}, {"role": "assistant", "content": "left"}]
    assert pairs[0]["prompt"] == [*asked, {"role": "user", "content": "Door 2?"}]
    config = RunConfig(agents=(f"{HERE}:Other",))
    await branch(tmp_path / "run", "doors/default/0", 1, config, tmp_path / "branch", trust=True)
    (pair,) = lines(tmp_path / "branch", tmp_path / "branch.jsonl", "pairs")
    assert (pair["turn"], pair["chosen_episodes"], pair["rejected_episodes"]) == (1, ["run/1"], ["branch/1"])
    assert (pair["chosen_agent"], pair["rejected_agent"]) == ("guest", "other")


async def test_the_runs_of_a_study_are_compared_with_each_other(tmp_path: Path) -> None:
    for name, agent in (("one", "Guest"), ("other", "Other")):
        await clemsim.run(arenas=f"{HERE}:Doors", agents=f"{HERE}:{agent}", out=tmp_path / "members" / name / "run")
    folders = [tmp_path / "members" / name / "run" for name in ("one", "other")]
    assert write_pairs_of_all(folders, tmp_path / "pairs.jsonl", trust=True) == 1
    pair = orjson.loads((tmp_path / "pairs.jsonl").read_bytes())
    assert (pair["chosen_episodes"], pair["rejected_episodes"]) == (["one/run/1"], ["other/run/1"])


async def test_where_there_is_nothing_to_train_on_a_line_says_so(tmp_path: Path) -> None:
    await clemsim.run(arenas=f"{HERE}:Doors", agents=f"{HERE}:Other", out=tmp_path / "run")
    with pytest.raises(UsageError, match="no two finished episodes that begin alike and earn differently"):
        lines(tmp_path / "run", tmp_path / "out.jsonl", "pairs")
    assert not (tmp_path / "out.jsonl").exists()


TEMPLATE = (
    "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% for c in m.tool_calls or [] %}"
    "{{ c.function.name }}{{ c.function.arguments | tojson }}{% endfor %}</>{% endfor %}"
    "{% if add_generation_prompt %}<assistant>{% endif %}"
)


def tokenizer() -> Any:
    """Return one whose chat template writes calls too."""
    tokenizers: Any = pytest.importorskip("tokenizers", reason="tokenizers is not installed")
    transformers: Any = pytest.importorskip("transformers", reason="transformers is not installed")
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    made = transformers.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="?")
    made.chat_template = TEMPLATE
    return made


@pytest.mark.slow
def test_datasets_and_trl_read_what_was_written(served: clemsim.Run, repeated: clemsim.Run, tmp_path: Path) -> None:
    datasets: Any = pytest.importorskip("datasets", reason="`datasets` is not installed")
    data: Any = pytest.importorskip("trl.data_utils", reason="TRL and transformers are not installed")
    for run, name in ((served, "training"), (repeated, "training"), (repeated, "pairs")):
        path = tmp_path / f"{run.folder.parent.name}.{name}.jsonl"
        count = FORMATS[name].export(run.folder, path, trust=True)
        loaded = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=str(tmp_path / "cache"))
        written = [orjson.loads(line) for line in path.read_bytes().splitlines()]
        assert len(loaded) == count and all(data.is_conversational(row) for row in loaded)
        column = "messages" if name == "training" else "prompt"
        assert [row[column] for row in loaded] == [line[column] for line in written]
        for row in loaded:
            fields = ("messages",) if name == "training" else ("prompt", "chosen", "rejected")
            texts = data.apply_chat_template({field: row[field] for field in fields}, tokenizer())
            if name == "pairs":
                assert texts["chosen"] == f"{row['chosen'][0]['content']}</>" != texts["rejected"]
                assert texts["prompt"].endswith("<assistant>")
