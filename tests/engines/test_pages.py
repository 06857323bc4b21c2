"""Pages of the control plane: whatever a server sends there is read, or named in one line."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings

from clemsim.engines.connect import NetworkPolicy, control_client
from clemsim.engines.discovery import ServerProbe
from clemsim.engines.pages import Page, fetch_page
from clemsim.errors import EngineError, EngineUnavailable
from tests.engines.hostile import ANY_JSON
from tests.engines.servers import MODEL, FakeServer, says, serving


def probe(server: FakeServer) -> ServerProbe:
    return ServerProbe(f"{server.url}/v1", NetworkPolicy(), str)


async def bomb(request: web.Request) -> web.StreamResponse:
    """A page that unfolds to a hundred times its size."""
    assert "gzip" not in request.headers["Accept-Encoding"]
    return web.Response(body=gzip.compress(b"x" * 10**6), headers={"Content-Encoding": "gzip"})


async def flood(request: web.Request) -> web.StreamResponse:
    """A page without end."""
    response = web.StreamResponse()
    await response.prepare(request)
    for _ in range(40):
        await response.write(b"x" * 2**19)
    return response


@pytest.mark.parametrize(
    ("models", "why"),
    [
        (bomb, r"/models: the server compressed its answer \(gzip\)"),
        (flood, "/models: the answer is longer than the 16 MiB"),
        (says(200, "[" * 10**5), "sent no list"),
        (says(200, '{"data": 3}'), "sent no list"),
        (says(500, "no\x1b[2J" + "x" * 10**6), r"/models said 500: no \[2Jxxx"),
    ],
)
async def test_a_list_of_models_that_cannot_be_read(models: Any, why: str) -> None:
    async with serving(FakeServer(models=models)) as server:
        with pytest.raises(EngineUnavailable, match=why) as caught:
            await probe(server).identify(MODEL)
        assert len(str(caught.value)) < 500


async def test_a_server_is_alive_only_if_it_can_be_read() -> None:
    async with serving(FakeServer()) as server:
        assert await probe(server).alive()
        server.models = flood
        assert not await probe(server).alive()


async def test_a_page() -> None:
    async with serving(FakeServer(version={"version": "1"})) as server, control_client(NetworkPolicy()) as client:
        page = await fetch_page(client, f"{server.url}/version")
        assert (page.status, page.fields, page.text) == (200, {"version": "1"}, '{"version": "1"}')


def test_what_is_no_object_has_no_fields() -> None:
    assert Page(500, b'{"a": 1}').fields == {} and Page(200, b"[1]").fields == {} and Page(200, b"\xff").fields == {}


@settings(max_examples=40, suppress_health_check=list(HealthCheck), deadline=None)
@given(ANY_JSON, ANY_JSON)
async def test_any_page_is_read_or_the_servers_fault(first: Any, second: Any) -> None:
    class Sent(ServerProbe):
        async def _json(self, client: Any, url: str) -> dict[str, Any]:
            return {"version": first, "paths": second, "total_slots": first, "build_info": second}

        async def _text(self, client: Any, url: str) -> str:
            return f"vllm:num_requests_running {first}"

        async def _takes_priority(self, client: Any, model: str) -> bool:
            return False

    sent = Sent("http://127.0.0.1:9/v1", NetworkPolicy(), str)
    info = await sent._identify_vllm(None, MODEL)  # type: ignore[arg-type]
    assert info.dialect == "vllm" and len(info.name) < 120
    with suppress(EngineError):
        sent._owners(Page(200, json.dumps(first).encode()), MODEL)
    with suppress(EngineError):
        sent._owners(Page(200, json.dumps({"data": [first, {"id": second}]}).encode()), MODEL)
