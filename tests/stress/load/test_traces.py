"""Traces out and in: what is played back loads a server as the run did, in tokens and in hits of its prefix cache."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest

from clemsim.engines.images import chat_messages, data_uri
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import UsageError
from clemsim.interop.export import FORMATS
from clemsim.runs import run
from clemsim.store.config import RunConfig
from clemsim.stress.load.runner import Findings, StressWatch, stress
from clemsim.stress.load.synthetic_text import block_size, text_of
from clemsim.stress.load.trace_files import read_trace_file
from clemsim.stress.plan.guardrails import Budget
from tests.pictures import shade
from tests.stress.servers import short_plan

SPEC = Spec(model="fake", seats=8, first_token=0.01, interval=0.001, blocks=100_000)
NEAR = 0.05
AIPERF, GUIDELLM = (os.environ.get(f"CLEMSIM_{name}", "") for name in ("AIPERF", "GUIDELLM"))  # commands
TOKENIZER = os.environ.get("CLEMSIM_TOKENIZER", "")  # a folder

Load = tuple[int, int, int, int]  # requests, tokens in, tokens out, tokens that the prefix cache contained


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Load]:
    """Return a run whose episodes ask in parallel, and the load that it was."""
    folder = tmp_path_factory.mktemp("traces") / "run"

    async def play() -> Load:
        server = SimulatedServer(SPEC)
        async with server.serving():
            config = RunConfig(agents=(f"fake@{server.url}",), arenas=("privateshared", "taboo"), instances=1, suite="quick")
            await run.play(config, folder)
            return _load(server)

    return folder, asyncio.run(play())


def _load(server: SimulatedServer) -> Load:
    counters = server.machine.counters
    return counters.finished, counters.prompt, counters.generated, counters.hits


async def replayed(path: Path, **plan: Any) -> tuple[Load, Findings]:
    """Return the load that a replay is to a fresh server, and what was measured."""
    server = SimulatedServer(SPEC)
    async with server.serving():
        usual = {"forced_length": False, "replay": path, "verbatim": True, "speed": 1.0, "max_tokens": 300}
        findings = await stress(short_plan(server.url, **(usual | plan)), Budget(10_000, 60.0), StressWatch())
    return _load(server), findings


def assert_near(found: Sequence[int], expected: Sequence[int]) -> None:
    assert found[0] == expected[0]
    for mine, true in zip(found, expected, strict=True):
        assert abs(mine - true) <= NEAR * true, (found, expected)


async def test_a_run_is_replayed_word_for_word(recorded: tuple[Path, Load]) -> None:
    folder, truth = recorded
    assert truth[3] > 0.5 * truth[1]
    found, findings = await replayed(folder)
    assert_near(found, truth)
    assert findings.replayed and findings.replayed.turns == findings.replayed.turns_played == truth[0]


@pytest.mark.parametrize("name", ["trace", "mooncake", "mooncake-deltas"])
async def test_an_exported_trace_is_the_load_of_its_run(recorded: tuple[Path, Load], name: str, tmp_path: Path) -> None:
    folder, truth = recorded
    FORMATS[name].export(folder, tmp_path / "trace.jsonl")
    found, findings = await replayed(tmp_path / "trace.jsonl")
    assert_near(found, truth)
    assert findings.stages[0].label == "replay"


async def test_parallel_asks_stay_parallel(recorded: tuple[Path, Load], tmp_path: Path) -> None:
    FORMATS["trace"].export(recorded[0], tmp_path / "trace.jsonl")
    scripts = read_trace_file(tmp_path / "trace.jsonl")
    assert max(sum(abs((one.at or 0) - (other.at or 0)) < 0.01 for other in scripts) for one in scripts) >= 5


@pytest.mark.skipif(not (AIPERF and TOKENIZER), reason="CLEMSIM_AIPERF names no aiperf, CLEMSIM_TOKENIZER its tokenizer")
@pytest.mark.slow
async def test_aiperf_plays_a_trace_as_the_run_was(recorded: tuple[Path, Load], tmp_path: Path) -> None:
    def command(url: str, trace: Path) -> list[str]:
        return [
            *(AIPERF, "profile", "--model", "fake", "--url", url, "--endpoint-type", "chat"),
            *("--streaming", "--custom-dataset-type", "mooncake-trace", "--input-file", str(trace)),
            *("--fixed-schedule", "--tokenizer", TOKENIZER, "--ui", "none"),
            *("--output-artifact-dir", str(tmp_path / "out")),
        ]

    await _play_by(command, "trace", recorded, tmp_path / "trace.jsonl")


@pytest.mark.skipif(
    not (GUIDELLM and TOKENIZER), reason="CLEMSIM_GUIDELLM names no guidellm, CLEMSIM_TOKENIZER its tokenizer"
)
@pytest.mark.slow
async def test_guidellm_plays_a_trace_as_the_run_was(recorded: tuple[Path, Load], tmp_path: Path) -> None:
    def command(url: str, trace: Path) -> list[str]:
        return [
            *(GUIDELLM, "run", "--backend", f"kind=openai_http,target={url.removesuffix('/v1')},model=fake"),
            *("--profile", "kind=replay", "--tokenizer", f"kind=hf_auto,model={TOKENIZER}"),
            *("--data", f"kind=otel,source.kind=json_file,source.path={trace}"),
            *("--output", f"kind=json,path={tmp_path / 'out.json'}", "--disable-console"),
        ]

    await _play_by(command, "guidellm", recorded, tmp_path / "trace.jsonl")


async def _play_by(command: Callable[[str, Path], list[str]], form: str, recorded: tuple[Path, Load], trace: Path) -> None:
    """Let another tool play the trace of a run into a fresh server, and check that it makes the load that the run made."""
    folder, truth = recorded
    FORMATS[form].export(folder, trace)
    server = SimulatedServer(SPEC)
    async with server.serving():
        words = command(server.url, trace)
        done = await asyncio.to_thread(subprocess.run, words, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert_near(_load(server), truth)


def test_a_trace_for_guidellm_keeps_sessions_together(recorded: tuple[Path, Load], tmp_path: Path) -> None:
    folder, truth = recorded
    FORMATS["guidellm"].export(folder, tmp_path / "trace.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "trace.jsonl").read_text().splitlines()]
    usage = [[row["attributes"][f"gen_ai.usage.{side}_tokens"] for row in rows] for side in ("input", "output")]
    assert (len(rows), sum(usage[0]), sum(usage[1])) == truth[:3]
    sessions = [list(group) for _, group in groupby(rows, key=lambda row: row["trace_id"])]
    assert len({session[0]["trace_id"] for session in sessions}) == len(sessions) < len(rows)
    for before, after in (pair for session in sessions for pair in pairwise(session)):
        begun, next_begun = (datetime.fromisoformat(row["start_time"]).timestamp() for row in (before, after))
        assert next_begun >= begun + before["duration"] - 0.003
    messages = json.loads(sessions[0][-1]["attributes"]["gen_ai.input.messages"])
    assert messages[-1]["role"] == "user" and messages[-1]["content"]


def test_the_rows_of_other_tools_are_understood(tmp_path: Path) -> None:
    rows = [
        {"session_id": "a", "turns": [{"text": "Hi", "timestamp": 500}, {"texts": ["there"], "delay": 250}]},
        {"id": "b", "conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "12345678"}]},
        {"timestamp": 2000, "text_input": "Hello", "output_length": 4},
    ]
    path = tmp_path / "t.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    dialogue, session, single = read_trace_file(path)
    assert dialogue.at is None and dialogue.turns[0].tokens == 2 and dialogue.turns[0].whole
    assert session.at == 0.5 and [turn.delay for turn in session.turns] == [0.0, 0.25]
    assert [turn.messages[0]["content"] for turn in session.turns] == ["Hi", "there"] and not session.turns[1].whole
    assert single.at == 2.0 and single.turns[0].tokens == 4
    path.write_text(json.dumps([{"turns": [{"image": 3}]}]))
    with pytest.raises(UsageError, match="no trace that this clemsim can read"):
        read_trace_file(path)
    path.write_text("no json")
    with pytest.raises(UsageError, match="no trace"):
        read_trace_file(path)


def test_pictures_of_a_trace_are_read_as_they_were_sent(tmp_path: Path) -> None:
    parts: list[Any] = [{"type": "text", "text": "Well?"}, {"type": "image_url", "image_url": {"url": data_uri(shade(1))}}]
    row = {"messages": [{"role": "system", "content": "Hi"}, {"role": "user", "content": parts}], "output_length": 3}
    (tmp_path / "trace.jsonl").write_text(json.dumps(row))
    (turn,) = read_trace_file(tmp_path / "trace.jsonl")[0].turns
    assert turn.parts is not None and chat_messages(turn.messages, turn.parts) == row["messages"]
    parts[1]["image_url"] = {"url": "https://example.org/cat.png"}
    (tmp_path / "trace.jsonl").write_text(json.dumps(row))
    with pytest.raises(UsageError, match="nothing is fetched"):
        read_trace_file(tmp_path / "trace.jsonl")


def test_equal_hashes_are_equal_text_and_sizes_tell_the_block() -> None:
    one, other = text_of(40, [1, 2, 3], 16, "a"), text_of(40, [1, 2, 4], 16, "b")
    assert one[:128] == other[:128] and one != other and len(one) == 160
    assert block_size([(222, 14), (223, 14)]) == 16 and block_size([(1000, 2), (300, 1)]) == 512


async def test_a_replay_in_a_closed_loop_keeps_its_width(recorded: tuple[Path, Load]) -> None:
    found, findings = await replayed(recorded[0], replay_width=2)
    assert found[0] == recorded[1][0] and findings.stages[0].label == "replay 2" and findings.stages[0].in_flight <= 2.01


async def test_a_trace_goes_to_one_model(recorded: tuple[Path, Load]) -> None:
    plan = replace(short_plan("http://127.0.0.1:9", forced_length=False, replay=recorded[0], verbatim=True))
    plan = replace(plan, agents=[*plan.agents, "guesser=baseline"])
    with pytest.raises(UsageError, match="one server"):
        await stress(plan, Budget(10, 10.0), StressWatch())
