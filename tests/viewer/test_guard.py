"""Requests that no page of the viewer sends: by other names, other methods, of other shapes. Each gets one clear answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import hdrs

from clemsim.viewer.library import Library
from clemsim.viewer.server import ViewerServer
from clemsim.viewer.site import Site
from tests.viewer.conftest import Viewer

PAGES = ["/", "/run/first", "/run/none", "/assets/style.css"]
TRAVERSALS = [
    *("/run/..", "/run/%2e%2e", "/run/..%2f..%2f..%2fetc%2fpasswd", "/run/first%2frun.db", "/run/%2fetc%2fpasswd"),
    *("/assets/..%2f..%2fframe.py", "/assets/%2fetc%2fpasswd", "/assets/style.css%00", "//etc/passwd", "/run.db"),
    *("/run/%00", "/run/%ff%fe", "/run/%1b%5b31m", "/run/first%0d%0aX-Own:%201", "/run/" + "a" * 4000),
]


@pytest.fixture
async def port(played: Path) -> AsyncIterator[int]:
    """The port of a server that shows the run."""
    serving = ViewerServer(Site(Library([played])))
    await serving.start("127.0.0.1", 0)
    yield int(serving.url.rpartition(":")[2].strip("/"))
    await serving.stop()


async def answer(port: int, line: str, *headers: str) -> str:
    """Return what the server says to a request that may be none."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join([line, *headers, "Connection: close", "", ""]).encode("latin-1"))
    text = (await reader.read()).decode()
    writer.close()
    return text


@pytest.mark.parametrize("name", ["attacker.example", "127.0.0.1", "localhost:1", "127.0.0.1.attacker.example:80", ""])
@pytest.mark.parametrize("path", PAGES)
async def test_only_the_own_name_is_answered(port: int, path: str, name: str) -> None:
    told = await answer(port, f"GET {path} HTTP/1.1", f"Host: {name}")
    assert " 421 " in told and "answers to its own address only" in told and "first" not in told


async def test_a_name_in_the_address_counts_too(port: int) -> None:
    assert " 421 " in await answer(port, "GET http://attacker.example/ HTTP/1.1", f"Host: 127.0.0.1:{port}")


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST", "HEAD"])
@pytest.mark.parametrize("path", PAGES)
async def test_no_other_site_may_read_an_answer(viewer: Viewer, path: str, method: str) -> None:
    asked = {hdrs.ORIGIN: "http://attacker.example", hdrs.ACCESS_CONTROL_REQUEST_METHOD: "POST"}
    async with viewer.client.request(method, path, headers=asked) as response:
        assert not [name for name in response.headers if name.lower().startswith("access-control-")]
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("path", TRAVERSALS)
async def test_no_address_leads_out_of_the_folders(port: int, path: str) -> None:
    told = await answer(port, f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}")
    head, _, page = told.partition("\r\n\r\n")
    assert head.startswith("HTTP/1.1 404 ") and "X-Own" not in head
    assert page.count("<h1>") == 1 and "root:" not in page and "\x1b" not in page and "\0" not in page
    assert len(page) < 5000


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", PAGES)
async def test_a_wrong_method_is_told(port: int, path: str, method: str) -> None:
    told = await answer(port, f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}")
    assert told.startswith("HTTP/1.1 405 ") and "<h1>Method Not Allowed</h1>" in told


@pytest.mark.parametrize("path", ["/?q=" + "a" * 20_000, "/run/" + "a" * 20_000, "/?" + "a=1&" * 5000])
async def test_an_address_that_is_too_long_is_told(port: int, path: str) -> None:
    told = await answer(port, f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}")
    assert told.startswith("HTTP/1.1 414 ") and "<h1>Request-URI Too Long</h1>" in told and len(told) < 5000


@pytest.mark.parametrize("line", ["nonsense", "FOO / HTTP/1.1", "GET / HTTP/9.9", "GET /" + "a" * 100_000 + " HTTP/1.1"])
async def test_what_is_no_request_is_refused_in_silence(port: int, line: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        told = await answer(port, line, f"Host: 127.0.0.1:{port}")
    assert " 400 " in told.splitlines()[0] and "text/plain" in told and len(told) < 2000
    assert not [record for record in caplog.records if record.name.startswith(("clemsim", "aiohttp"))]


async def test_a_query_may_be_anything(port: int) -> None:
    query = "q=%00%1b%ff&q=2&sort=%3Cscript%3E&sort=id&page=-1&page=1e99&nothing=%27%22"
    told = await answer(port, f"GET /?{query} HTTP/1.1", f"Host: 127.0.0.1:{port}")
    assert told.startswith("HTTP/1.1 200 ") and "<script>" not in told and "\0" not in told
