"""Arenas as environments of OpenEnv: its real server and client, where they are installed."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys
from typing import Any

import httpx
import pytest

from clemsim import Agent, Message, UsageError, View
from clemsim.interop.environments.learning_seat import LearningSeat
from tests.interop.serving import served

pytest.importorskip("openenv", reason="OpenEnv is not installed: pip install openenv")
pytestmark = pytest.mark.filterwarnings("ignore")
CONNECT_FOUR = "examples/cookbook/connect_four.py:ConnectFour"


def client(url: str) -> Any:
    from clemsim.interop.environments.openenv import ArenaClient  # noqa: PLC0415 (may be missing)

    return ArenaClient(base_url=url)


async def play(url: str, seeds: range, reply: Any) -> list[Any]:
    """Play an episode for each seed in one session, and return their last results."""
    ends = []
    async with client(url) as env:
        for seed in seeds:
            result = await env.reset(seed=seed)
            while not result.done:
                result = await env.step(reply(result.observation))
            ends.append(result)
    return ends


async def test_a_client_plays_episodes_that_its_seed_decides() -> None:
    async with served(LearningSeat("taboo", "guesser")) as url:
        once, again = [await play(url, range(3), lambda seen: "GUESS: dog") for _ in range(2)]
        async with client(url) as env:
            first = await env.reset(instance=4, episode_id="mine")
            assert first.observation.messages[-1]["content"] in first.observation.text and first.reward is None
            state = await env.state()
            assert (state.episode_id, state.arena, state.seat, state.over) == ("mine", "taboo", "guesser", False)
            assert state.instance.endswith("/4")
            result = await env.step("no guess at all")
    assert once == again
    assert once[0].observation.metadata["outcome"] == "failure" and once[0].reward == 0.0
    assert result.done and result.reward == -1.0 and result.observation.rewards == {"describer": 0.0, "guesser": -1.0}
    assert result.metadata["blame"] == "guesser" and result.metadata["metrics"]["Aborted"] == 1.0


async def test_bad_requests_get_one_line_each() -> None:
    async with served(LearningSeat("taboo", "guesser"), sessions=1) as url, client(url) as env:
        bad: list[tuple[dict[str, Any], str]] = [
            ({"instance": 9999}, "there is no instance 9999: taboo has instances 0 to"),
            ({"seed": "x"}, "seed is a whole number from 0, not 'x'"),
            ({"colour": 1}, "reset knows no 'colour'"),
            ({"split": "train"}, "there is no split 'train'"),
        ]
        for options, line in bad:
            with pytest.raises(RuntimeError, match=line):
                await env.reset(**options)
        with pytest.raises(RuntimeError, match="there is no episode in this session: reset first"):
            await env.step("GUESS: dog")
        with pytest.raises(RuntimeError, match="1/1 sessions active"):
            await client(url).reset()
        async with httpx.AsyncClient(base_url=url) as web:
            answer = await web.post("/step", json={"action": {"text": "x"}})
            assert answer.status_code == 400 and "reset first" in answer.json()["detail"]
            assert (await web.post("/step", json={"action": {"text": "x" * 200_000}})).status_code == 422
            tasks = (await web.post("/taboo/tasks", json={"split": "test"})).json()
    assert set(tasks["tasks"][0] if isinstance(tasks, dict) else tasks[0]) == {"index", "id", "experiment"}


class Slow(Agent):
    name = "slow"

    async def reply(self, view: View) -> Message:
        await asyncio.sleep(0.05)
        return Message(view.seat, "CLUE: a thing")


async def test_a_session_that_is_closed_while_an_agent_thinks_says_so() -> None:
    from clemsim.interop.environments.openenv import ArenaEnvironment  # noqa: PLC0415 (may be missing)

    seat = LearningSeat("taboo", "guesser", Slow())
    async with seat.opened():
        env = ArenaEnvironment(seat)
        begun = asyncio.ensure_future(env.reset_async(seed=1))
        await asyncio.sleep(0.01)
        env.close()
        with pytest.raises(UsageError, match="was idle for too long and is closed"):
            await begun


async def test_pages_of_other_sites_are_not_served() -> None:
    async with served(LearningSeat("taboo", "guesser")) as url, httpx.AsyncClient(base_url=url) as web:
        for headers in ({"Origin": "http://evil.example"}, {"Host": "evil.example"}):
            assert (await web.post("/reset", json={}, headers=headers)).status_code == 403
        assert (await web.post("/reset", json={}, headers={"Origin": url})).status_code == 200
        from clemsim.interop.environments.openenv import ArenaClient  # noqa: PLC0415 (may be missing)

        with pytest.raises(ConnectionError):
            await ArenaClient(base_url=url, headers={"Origin": "http://evil.example"}).reset()


@pytest.mark.slow
async def test_the_command_serves_until_it_is_stopped() -> None:
    command = [sys.executable, "-m", "clemsim.cli.main", "serve-env", "taboo", "--seat", "guesser", "--port", "0"]
    server = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
    assert server.stderr
    line = (await server.stderr.readline()).decode()
    assert line.startswith("serving taboo to guesser, baseline as describer at http://127.0.0.1:"), line
    url = next(word for word in line.split() if word.startswith("http"))
    async with client(url) as env:
        await env.reset(seed=1)
        server.send_signal(signal.SIGINT)
        told = (await server.communicate())[1].decode()
    assert server.returncode == 0 and told == "stopping: the server ends (Ctrl-C again: at once)\n"


@pytest.mark.slow
async def test_a_session_that_nobody_moves_gives_its_place_to_another() -> None:
    async with served(LearningSeat("taboo", "guesser"), sessions=1, idle=0.5) as url:
        idle = client(url)
        await idle.reset(seed=1)
        await asyncio.sleep(7)
        assert len(await play(url, range(1), lambda seen: "GUESS: dog")) == 1
        with pytest.raises(RuntimeError, match="was idle for too long and is closed"):
            await idle.step("GUESS: dog")
        await idle.close()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arena", "seat", "words"),
    [
        ("taboo", "guesser", ["GUESS: dog", "GUESS: cat", "dog"]),
        (CONNECT_FOUR, "red", [f"DROP: {column}" for column in range(1, 8)]),
    ],
)
async def test_a_thousand_sessions_at_once(arena: str, seat: str, words: list[str]) -> None:
    draw = random.Random(1)
    async with served(LearningSeat(arena, seat)) as url:
        played = await asyncio.gather(
            *(play(url, range(seed, seed + 1), lambda seen: draw.choice(words)) for seed in range(1000))
        )
    ends = [end for ends in played for end in ends]
    assert len(ends) == 1000 and all(end.done and end.reward == end.observation.rewards[seat] for end in ends)
    assert len({end.reward for end in ends}) > 1
