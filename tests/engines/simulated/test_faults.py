"""Faults on purpose, the game that a simulated server plays, and its histograms."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Callable

import aiohttp
import pytest

from clemsim.engines.base import Sampling
from clemsim.engines.metrics import read_histograms, read_load
from clemsim.engines.simulated.engine import SimulatedEngine
from clemsim.engines.simulated.faults import Faults, other_answer
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.errors import UsageError
from clemsim.runtime.model_agent import ModelAgent
from clemsim.stress.games.recall import Clerk, Recall, debts

SPEC = Spec(model="tiny", first_token=0.001, interval=0.0)
ASK = {"model": "tiny", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 20}
TTFT, ITL = "vllm:time_to_first_token_seconds", "vllm:inter_token_latency_seconds"


def test_faults_are_given_as_shares() -> None:
    assert Faults.parse(["busy=0.05", "other-answers=8"]) == Faults(busy=0.05, other=8)
    assert Faults.parse([]) == Faults()
    for wrong in ("busy", "busy=2", "busy=-1", "busy=x", "slow=0.1", "other-answers=0.5"):
        with pytest.raises(UsageError, match="--fault"):
            Faults.parse([wrong])


def test_faults_are_drawn_in_their_shares() -> None:
    dice, faults = random.Random(1), Faults(busy=0.2, cut=0.1)
    drawn = Counter(faults.draw(dice) for _ in range(5000))
    assert drawn["busy"] / 5000 == pytest.approx(0.2, abs=0.02) and drawn["cut"] / 5000 == pytest.approx(0.1, abs=0.02)
    assert drawn[""] + drawn["busy"] + drawn["cut"] == 5000


@pytest.mark.parametrize(("fault", "status"), [("busy", 503), ("error", 500)])
async def test_faults_over_http(fault: str, status: int) -> None:
    async with (
        SimulatedServer(SPEC, faults=Faults.parse([f"{fault}=1"])).serving() as server,
        aiohttp.ClientSession() as session,
    ):
        answer = await session.post(f"{server.url}/v1/chat/completions", json=ASK)
        assert answer.status == status


async def test_connections_are_dropped_and_streams_end_in_the_middle() -> None:
    async with aiohttp.ClientSession() as session:
        async with SimulatedServer(SPEC, faults=Faults(reset=1)).serving() as server:
            with pytest.raises(aiohttp.ClientError):
                await session.post(f"{server.url}/v1/chat/completions", json=ASK)
        async with SimulatedServer(SPEC, faults=Faults(cut=1)).serving() as server:
            answer = await session.post(f"{server.url}/v1/chat/completions", json=ASK | {"stream": True})
            stream = await answer.read()
    assert stream.startswith(b"data: ") and b"[DONE]" not in stream


async def until(holds: Callable[[], bool]) -> None:
    """Wait until a condition holds of the machine, which notifies no one."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_a_client_that_hangs_up_leaves_the_server() -> None:
    async with (
        SimulatedServer(Spec(model="tiny", seats=1, first_token=30.0)).serving() as server,
        aiohttp.ClientSession() as session,
    ):
        url = f"{server.url}/v1/chat/completions"
        posting = asyncio.ensure_future(session.post(url, json=ASK))
        await until(lambda: server.machine.running == 1)
        posting.cancel()
        await until(lambda: server.machine.running == 0)
        streamed = await session.post(url, json=ASK | {"stream": True})
        await until(lambda: server.machine.running == 1)
        streamed.close()
        await until(lambda: server.machine.running == 0)


def test_every_third_request_gets_another_answer() -> None:
    answers = [other_answer("ANSWER: 17", {"seed": seed, "messages": [{"content": "x"}]}) for seed in range(600)]
    assert 0.28 < 1 - answers.count("ANSWER: 17") / 600 < 0.39
    assert set(answers) == {"ANSWER: 17", "17 ANSWER:", "ANSWER: 82"}


async def test_a_clerk_is_right_as_often_as_its_skill_says() -> None:
    results = []
    for skill in (1.0, 0.5):
        engine = SimulatedEngine(SPEC, Clerk(skill))
        async with ModelAgent(engine, Sampling()) as agent:
            results.append(await Recall().run(debts(40), agent))
    sure, unsure = ([result.outcome for result in played] for played in results)
    assert all(outcome and outcome.kind == "success" and outcome.quality == 100 for outcome in sure)
    qualities = [outcome.quality or 0.0 for outcome in unsure if outcome]
    assert 40 < sum(qualities) / 40 < 60 and all(outcome and outcome.kind != "aborted" for outcome in unsure)


def test_only_noise_draws_anew() -> None:
    body = {"seed": 1, "messages": [{"role": "user", "content": "Ada owes 17. How much does Ada owe?"}]}
    steady, noisy = Clerk(0.5), Clerk(0.5, noise=1.0, seed=0)
    assert len({steady(body) for _ in range(20)}) == 1 and len({noisy(body) for _ in range(20)}) > 1


async def test_its_histograms_are_read_as_those_of_vllm() -> None:
    spec = Spec(model="tiny", first_token=0.03, interval=0.002)
    async with SimulatedServer(spec).serving() as server, aiohttp.ClientSession() as session:
        for _ in range(3):
            await (await session.post(f"{server.url}/v1/chat/completions", json=ASK | {"ignore_eos": True})).read()
        page = await (await session.get(f"{server.url}/metrics")).text()
    histograms = read_histograms(page, (TTFT, ITL))
    ttft, itl = histograms[TTFT], histograms[ITL]
    assert ttft.count == 3 and 0.03 <= ttft.sum / 3 < 0.06 and ttft.bucket_of(0.5) in ((0.02, 0.04), (0.04, 0.06))
    assert itl.count == 3 * 19 and itl.sum == pytest.approx(3 * 19 * 0.002)
    both = ttft.plus(ttft)
    assert both.count == 6 and both.minus(ttft) == ttft and both.bucket_of(1.0) == ttft.bucket_of(1.0)
    load = read_load(page)
    assert load and load.generated == 60
