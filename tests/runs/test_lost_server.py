"""A single server that is lost while a run goes on is waited for, and the progress says so."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from aiohttp import web

import clemsim
from clemsim.cli.view.progress import ProgressMeter
from clemsim.runs.session import LiveRun
from tests.engines.servers import MODEL, FakeServer, serving


async def until(true: Callable[[], bool]) -> None:
    for _ in range(6000):
        if true():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def test_a_server_that_comes_back_costs_no_episode(tmp_path: Path) -> None:
    stack, back = AsyncExitStack(), AsyncExitStack()
    first, second, lines = FakeServer(), FakeServer(), list[str]()

    async def last(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(60)
        return web.Response()

    first.faults = [last]
    await stack.enter_async_context(serving(first))
    port = int(first.url.rpartition(":")[2])

    async def watch(live: LiveRun) -> None:
        await until(lambda: bool(first.bodies))
        await stack.aclose()
        await until(lambda: bool(live.progress.waiting))
        lines.append(ProgressMeter(lambda: live.progress).line())
        await back.enter_async_context(serving(second, port=port))
        await until(lambda: not live.progress.waiting)
        lines.append(ProgressMeter(lambda: live.progress).line())
        await asyncio.Event().wait()

    async with back:
        agent = f"{MODEL}@{first.url}"
        run = await clemsim.run(
            arenas="taboo", agents=agent, instances=3, width=1, out=tmp_path / "r", watch=watch,
            network=clemsim.NetworkOptions(patience=60),
        )  # fmt: skip
    assert run.summary.unfinished == 0 and second.bodies
    assert f"waiting for {first.url}/v1: no answer for" in lines[0]


async def test_a_silent_server_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clemsim.engines.chat.SILENCE", 1.0)
    said, released = list[str](), asyncio.Event()

    async def silent(request: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.Response(status=500)

    async with serving(FakeServer([silent])) as server:

        async def watch(live: LiveRun) -> None:
            await until(lambda: bool(live.progress.waiting))
            said.extend(live.progress.waiting)
            released.set()

        agents = f"{MODEL}@{server.url}"
        run = await clemsim.run(arenas="taboo", agents=agents, instances=1, width=1, out=tmp_path / "r", watch=watch)
    assert run.summary.unfinished == 0
    assert said[0].startswith("no answer for ") and said[0].endswith(f" s from {server.url}/v1")
