"""Servers that are started for a run, with a stand-in for the `vllm` command; with the real one under `-m vllm`."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import httpx
import pytest

from clemsim.engines.vllm_flags import parse_flags
from clemsim.engines.vllm_server import ServerPool, VllmServerEngine
from clemsim.errors import EngineUnavailable, UsageError
from tests.engines.servers import ask

SERVER = """
import asyncio, sys
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer

async def main():
    _, serve, model, *flags = sys.argv
    assert serve == "serve" and flags[:2] == ["--host", "127.0.0.1"] and "--max-model-len" in flags
    context = int(flags[flags.index("--max-model-len") + 1])
    await SimulatedServer(Spec(model=model, context=context, first_token=0.001)).start(int(flags[3]))
    await asyncio.Event().wait()

asyncio.run(main())
"""


def replace_script(script: Path, text: str) -> None:
    script.write_text(text)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let CLEMSIM_VLLM name a command that serves as vLLM does; return its script, beside which the logs are."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    script = tmp_path / "server.py"
    script.write_text(SERVER)
    monkeypatch.setenv("CLEMSIM_VLLM", f"{sys.executable} {script}")
    return script


def logs(script: Path) -> int:
    """Return how many logs of servers are kept."""
    return len(list(script.parent.glob("clemsim-vllm-*.log")))


async def reachable(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"{url}/health")).status_code == 200
        except httpx.HTTPError:
            return False


async def test_a_server_is_started_shared_and_stopped(stand_in: Path) -> None:
    pool = ServerPool()
    first, second = (VllmServerEngine("org/tiny?max-model-len=512", pool) for _ in range(2))
    async with first:
        async with second:
            assert first._server is second._server and first.name == "tiny"
            assert (await first.complete(ask())).text
            url = first._server.url
        assert await reachable(url) and logs(stand_in) == 1
        description = first.describe()
        assert description["flags"] == ["--max-model-len", "512"]
        assert description["dialect"] == "vllm" and "url" not in description
        assert first.adaptive and first.width
    assert not await reachable(url) and logs(stand_in) == 0
    async with VllmServerEngine("org/tiny?max-model-len=512", pool) as again:
        assert (await again.complete(ask())).text


async def test_servers_are_kept_between_the_runs_of_a_study(stand_in: Path) -> None:
    async with ServerPool(keep=True) as pool:
        for _ in range(2):
            async with VllmServerEngine("kept?max-model-len=512", pool) as engine:
                process = engine._server.process
        assert process and engine._server.process is process and await reachable(engine._server.url)
    assert process.returncode is not None and not await reachable(engine._server.url)


async def test_a_server_in_use_outlives_the_pool_and_stops_with_its_last_user(stand_in: Path) -> None:
    pool = ServerPool(keep=True)
    async with VllmServerEngine("used?max-model-len=512", pool) as engine:
        await pool.close()
        url = engine._server.url
        assert await reachable(url)
    assert not await reachable(url)


async def test_each_pool_has_its_own_servers(stand_in: Path) -> None:
    engines = [VllmServerEngine("org/tiny?max-model-len=512", ServerPool()) for _ in range(2)]
    async with engines[0] as first, engines[1] as second:
        assert first._server.url != second._server.url
        assert (await first.complete(ask())).text == (await second.complete(ask())).text


async def test_engines_that_open_and_close_side_by_side_lose_no_server(stand_in: Path) -> None:
    pool = ServerPool()

    async def play(delay: float) -> str:
        await asyncio.sleep(delay)
        async with VllmServerEngine("org/tiny?max-model-len=512", pool) as engine:
            return (await engine.complete(ask())).text

    texts = await asyncio.gather(*(play(number / 100) for number in range(20)))
    assert len(set(texts)) == 1


async def test_a_kept_server_is_stopped_once_no_run_will_use_it(stand_in: Path) -> None:
    async with ServerPool(keep=True) as pool:
        async with VllmServerEngine("left?max-model-len=512", pool) as engine:
            url = engine._server.url
            await pool.stop_unused()
            assert await reachable(url)
        await pool.stop_unused(["left?max-model-len=512"])
        assert await reachable(url)
        await pool.stop_unused(["other?max-model-len=512"])
        assert not await reachable(url)


SLEEPER = """
import os, sys
from aiohttp import web

_, serve, model, *flags = sys.argv
state = {"asleep": False, "calls": []}
routes = web.RouteTableDef()

@routes.get("/v1/models")
async def models(request):
    return web.json_response({"data": [{"id": model, "owned_by": "vllm"}]})

@routes.get("/health")
async def health(request):
    return web.json_response({})

@routes.get("/calls")
async def calls(request):
    return web.json_response(state["calls"])

if os.environ.get("VLLM_SERVER_DEV_MODE") == "1" and "--enable-sleep-mode" in flags:
    @routes.post("/sleep")
    async def sleep(request):
        state["calls"].append(f"sleep {request.query.get('level', '1')}")
        return web.json_response({"status": "sleeping"}, status=500 if "--insomnia" in flags else 200)

    @routes.post("/wake_up")
    async def wake_up(request):
        state["calls"].append("wake_up")
        return web.json_response({"status": "awake"})

app = web.Application()
app.add_routes(routes)
web.run_app(app, host="127.0.0.1", port=int(flags[3]), print=None)
"""


async def calls(engine: VllmServerEngine) -> list[str]:
    async with httpx.AsyncClient(trust_env=False) as client:
        found: list[str] = (await client.get(f"{engine._server.url}/calls")).json()
        return found


def asleep(*engines: VllmServerEngine) -> list[bool]:
    return [engine._server.asleep for engine in engines]


async def test_an_idle_server_sleeps_while_another_is_used(stand_in: Path) -> None:
    replace_script(stand_in, SLEEPER)
    async with ServerPool(keep=True) as pool:
        first, second = (VllmServerEngine(f"{name}?enable-sleep-mode", pool) for name in "ab")
        for _ in range(2):
            async with first:
                pass
            assert asleep(first, second) == [False, second._server.process is not None]  # nobody needs its place yet
            async with second:
                assert asleep(first, second) == [True, False]
        assert await calls(first) == ["sleep 1", "wake_up", "sleep 1"]
        assert await calls(second) == ["sleep 1", "wake_up"]
        process = first._server.process
        async with first, second:  # of one run: none may sleep
            assert first._server.process is process and asleep(first, second) == [False, False]


@pytest.mark.parametrize("flags", ["enable-sleep-mode&insomnia", "max-model-len=512"])
async def test_a_server_that_cannot_sleep_is_stopped_or_left_as_it_is(stand_in: Path, flags: str) -> None:
    replace_script(stand_in, SLEEPER)
    async with ServerPool(keep=True) as pool:
        first, second = (VllmServerEngine(f"{name}?{flags}", pool) for name in "ab")
        async with first:
            url = first._server.url
        async with second:
            assert await reachable(url) == ("insomnia" not in flags)
        async with first:
            assert await reachable(first._server.url)


async def test_a_flag_that_an_older_version_does_not_know_is_left_out(stand_in: Path) -> None:
    refusing = """
import sys
if "--enable-per-request-metrics" in sys.argv:
    print("vllm: error: unrecognized arguments: --enable-per-request-metrics")
    sys.exit(2)
"""
    replace_script(stand_in, refusing + SLEEPER)
    async with VllmServerEngine("old", ServerPool()) as engine:
        assert engine._server.refused == {"--enable-per-request-metrics"} and logs(stand_in) == 1
    replace_script(stand_in, "import sys; sys.exit('no such model')")
    with pytest.raises(EngineUnavailable, match="no such model"):
        await VllmServerEngine("none", ServerPool()).open()


async def test_the_end_of_the_log_tells_why_a_server_did_not_start(stand_in: Path) -> None:
    replace_script(stand_in, "print('loading'); raise SystemExit('ValueError: no such model')")
    with pytest.raises(EngineUnavailable, match=r"(?s)ended with 1; .*log.*loading\nValueError: no such model") as caught:
        async with VllmServerEngine("wrong", ServerPool()):
            pass
    assert "vLLM for wrong" in str(caught.value) and logs(stand_in) == 1


async def test_a_server_that_is_not_ready_in_time_is_stopped(stand_in: Path) -> None:
    replace_script(stand_in, "import time; time.sleep(100)")
    engine = VllmServerEngine("slow", ServerPool(), patience=0.3)
    opening = asyncio.create_task(engine.open())
    while not (process := engine._server.process):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    with pytest.raises(EngineUnavailable, match="not ready in"):
        await opening
    assert process.returncode is not None


def test_specs() -> None:
    for spec, message in (("", "name the model"), ("m?port=3", "sets --port itself"), ("m?a b=3", "not a flag")):
        with pytest.raises(UsageError, match=message):
            VllmServerEngine(spec, ServerPool())
    assert VllmServerEngine("m?enforce-eager&dtype=float16", ServerPool())._server.flags == (
        "--enforce-eager",
        "--dtype",
        "float16",
    )


async def test_without_vllm_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEMSIM_VLLM", "no-such-vllm")
    with pytest.raises(UsageError, match="pip install vllm"):
        async with VllmServerEngine("m", ServerPool()):
            pass


@pytest.mark.vllm
@pytest.mark.skipif("CLEMSIM_TEST_VLLM_MODEL" not in os.environ, reason="set CLEMSIM_TEST_VLLM_MODEL and CLEMSIM_VLLM")
async def test_real_vllm() -> None:
    spec = f"{os.environ['CLEMSIM_TEST_VLLM_MODEL']}?max-model-len=2048&enforce-eager"
    async with VllmServerEngine(spec, ServerPool()) as engine:
        assert (await engine.complete(ask(max_tokens=8))).usage.tokens_out == 8
        assert await engine.load()
        url = engine._server.url
    assert not await reachable(url)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("org/m", ("org/m", ())),
        ("org/m?max-model-len=512&enforce-eager", ("org/m", ("--max-model-len", "512", "--enforce-eager"))),
        ("/a/b c?dtype=float16", ("/a/b c", ("--dtype", "float16"))),
    ],
)
def test_flags_are_words_of_a_command_line(spec: str, expected: tuple[str, tuple[str, ...]]) -> None:
    assert parse_flags(spec, "vllm") == expected
