"""Arenas as environments of verifiers: its real rollouts, where it is installed, against a simulated server."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from clemsim import UsageError, find_arena
from clemsim.engines.simulated.answers import Body
from clemsim.engines.simulated.faults import Faults
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer

vf: Any = pytest.importorskip("verifiers.v1", reason="verifiers is not installed: pip install verifiers")
pytestmark = pytest.mark.filterwarnings("ignore")
CONNECT_FOUR = "examples/cookbook/connect_four.py:ConnectFour"
Answer = Callable[[Body], str]


@asynccontextmanager
async def model(answer: Answer, *faults: str) -> AsyncIterator[str]:
    """Serve a model that answers so and has such faults, and yield its address."""
    spec = Spec(model="fake", seats=512, first_token=0.0, interval=0.0, context=100_000)
    async with SimulatedServer(spec, answer, faults=Faults.parse(faults)).serving() as server:
        yield f"{server.url}/v1"


async def rollouts(env: Any, url: str, count: int, width: int = 64) -> list[Any]:
    """Play so many episodes as verifiers does, over the tasks from the first on."""
    context = vf.ModelContext(
        model="fake", client=vf.EvalClientConfig(base_url=url), sampling=vf.SamplingConfig(max_tokens=300)
    )
    tasks, gate = list(env.taskset), asyncio.Semaphore(width)
    slots = [env.slots(tasks[place % len(tasks)])[0] for place in range(count)]
    async with env.serving():
        return list(await asyncio.gather(*(env.run_slot(slot, context, gate) for slot in slots)))


def environment(arena: str, seat: str, **more: Any) -> Any:
    from clemsim.interop.environments.verifiers import load_environment  # noqa: PLC0415 (needs verifiers)

    return load_environment(arena=arena, seat=seat, **more)


async def test_the_reward_is_what_the_seat_earns_and_the_game_s_metrics_have_no_weight() -> None:
    async with model(lambda body: "GUESS: dog") as url:
        episodes = await rollouts(environment("taboo", "guesser"), url, 2)
        forms = await rollouts(environment("taboo", "describer", forfeit=-0.5), url, 1)
    for episode in episodes:
        (trace,) = episode.traces
        assert episode.ok and list(trace.rewards) == ["seat_reward"] and trace.reward == 0.0
        assert (trace.metrics["Lose"], trace.metrics["unfinished"], trace.metrics["reward_of_describer"]) == (1.0, 0.0, 0.0)
        assert trace.num_turns == 3 and len(trace.branches) == 1  # the conversation only grows
        assert trace.info["clemsim"]["reason"] == "out of rounds"
    assert [episode.traces[0].info["clemsim"]["instance"] for episode in episodes] == ["high_en/0", "high_en/1"]
    (forfeited,) = forms[0].traces
    assert forfeited.reward == -0.5 and forfeited.info["clemsim"]["blame"] == "describer"


@pytest.mark.parametrize(
    ("arena", "seat", "reply"),
    [
        ("taboo", "guesser", "GUESS: dog"),
        ("privateshared", "answerer", "ANSWER: nothing"),
        ("wordle", "guesser", "<think>hm</think>explanation: none\nguess: crane"),
    ],
)
async def test_a_model_is_asked_what_it_is_asked_in_a_run(arena: str, seat: str, reply: str) -> None:
    asked: list[Any] = []

    def answer(body: Body) -> str:
        asked.append(body["messages"])
        return reply

    game = find_arena(arena)()
    async with model(answer) as url:
        await rollouts(environment(arena, seat), url, 1)
        in_rollouts, asked = asked, []
        await game.run(game.instances()[:1], {seat: f"fake@{url}"} | _rest(game.seats, seat), width=1)
    assert in_rollouts and in_rollouts == asked


def _rest(seats: tuple[str, ...], seat: str) -> dict[str, str]:
    return {other: "baseline" for other in seats if other != seat}


async def test_a_request_that_fails_is_sent_again() -> None:
    async with model(lambda body: "GUESS: dog", "error=0.1", "busy=0.1", "reset=0.1") as url:
        episodes = await rollouts(environment("taboo", "guesser"), url, 20)
    assert all(episode.ok for episode in episodes)
    calls = [call for episode in episodes for call in episode.traces[0].calls]
    assert any(call.error for call in calls) and sum(not call.error for call in calls) == 60


BROKEN = """
from clemsim import Agent

class Broken(Agent):
    name = "broken"

    async def reply(self, view):
        raise ValueError("no idea")
"""


async def test_an_episode_that_a_limit_ends_is_unfinished_and_one_whose_agent_fails_has_no_reward(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text(BROKEN)
    limited = environment("taboo", "guesser", player={"max_turns": 1, "runtime": {"type": "subprocess"}})
    failing = environment(CONNECT_FOUR, "red", others=f"{tmp_path / 'broken.py'}:Broken")
    async with model(lambda body: "GUESS: dog") as url:
        (cut,) = (await rollouts(limited, url, 1))[0].traces
    async with model(lambda body: "DROP: 1") as url:
        (failed,) = await rollouts(failing, url, 1)
    assert cut.metrics == {"unfinished": 1.0} and cut.reward == 0.0 and cut.num_turns == 1
    assert not failed.ok and failed.traces[0].rewards == {}
    assert "agent broken raised ValueError: no idea" in str(failed.errors or failed.traces[0].errors)


def test_what_cannot_be_played_gets_a_line() -> None:
    with pytest.raises(UsageError, match="taboo has no seat 'judge': choose one of"):
        environment("taboo", "judge")
    with pytest.raises(UsageError, match="guesser is the seat that learns"):
        environment("taboo", "guesser", others="guesser=baseline")
    with pytest.raises(UsageError, match="there is no suite 'nonsense'"):
        environment("taboo", "guesser", suite="nonsense")


@pytest.mark.slow
async def test_the_command_of_verifiers_plays_an_arena(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "from verifiers.v1.cli.eval.main import main; main()", "clemsim-verifiers"]
    command += ["--env.taskset.arena", "taboo", "--env.taskset.seat", "guesser", "-m", "fake", "-n", "3", "-r", "2"]
    command += ["--no-push", "--no-rich", "--run.name", "here", "-o", str(tmp_path)]
    async with model(lambda body: "GUESS: dog") as url:
        run = await asyncio.create_subprocess_exec(
            *command, "--client.base-url", url, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        said = (await run.communicate())[0].decode()
    assert run.returncode == 0, said
    lines = (tmp_path / "here" / "traces.jsonl").read_bytes().splitlines()
    episodes = [orjson.loads(line) for line in lines]
    assert len(episodes) == 6 and b'"Lose":1.0' in lines[0].replace(b" ", b"")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arena", "seat", "words"),
    [
        ("wordle", "guesser", [f"explanation: none\nguess: {word}" for word in ("crane", "slate", "pious", "zzz")]),
        (CONNECT_FOUR, "red", [f"DROP: {column}" for column in range(1, 8)]),
    ],
)
async def test_a_thousand_rollouts(arena: str, seat: str, words: list[str]) -> None:
    draw = random.Random(1)
    async with model(lambda body: draw.choice(words)) as url:
        episodes = await rollouts(environment(arena, seat), url, 1000, width=128)
    assert len(episodes) == 1000 and all(episode.ok and len(episode.traces) == 1 for episode in episodes)
    assert len({episode.traces[0].reward for episode in episodes}) > 1
    assert all(episode.traces[0].metrics["unfinished"] == 0.0 for episode in episodes)
