"""What servers say beside their replies, as a user sees it after a run."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from clemsim.cli.common import run_async
from clemsim.store import reader
from clemsim.store.folder import STORE
from tests.cli.conftest import Clemsim
from tests.engines.servers import MODEL, FakeServer, answer, serving_in_thread


class Repeating(FakeServer):
    """Gives one answer to everything."""

    payload: Any = None

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """Answer POST /v1/chat/completions."""
        return web.json_response(self.payload)


@pytest.fixture
def server() -> Iterator[Repeating]:
    with serving_in_thread(Repeating()) as running:
        assert isinstance(running, Repeating)
        yield running


def run(clemsim: Clemsim, server: FakeServer) -> Any:
    words = ["--suite", "quick", "--arena", "taboo", "--agent", f"{MODEL}@{server.url}/v1", "--instances", 2, "--out", "r"]
    return clemsim("run", *words)


@pytest.mark.parametrize(
    ("reason", "cause", "word"),
    [("content_filter", "filtered", "content_filter"), ("tool_calls", "tool call", "with a tool call")],
)
def test_withheld_replies_are_counted_by_cause_and_not_scored(
    clemsim: Clemsim, server: Repeating, reason: str, cause: str, word: str
) -> None:
    server.payload = answer(None, reason)
    said = run(clemsim, server)
    told = " ".join(said.out.split())
    assert said.code == 1, said.err
    assert f"6 episodes are unfinished and in no average (6 {cause})" in told
    assert f"{cause}: the " in told and "which is no fault of the model" in told
    summary = clemsim("show", "r", "--json").json
    assert summary["causes"] == {cause: 6} and summary["arenas"]["taboo"]["aborted"] == 0
    assert word in " ".join(clemsim("show", "r", "1").out.split())


def test_finish_reasons_are_stored_as_they_came(clemsim: Clemsim, server: Repeating, tmp_path: Path) -> None:
    server.payload = answer("CLUE: hello", "eos_token")
    said = run(clemsim, server)
    assert said.code == 0, said.err
    with reader.reading(tmp_path / "r" / STORE) as base:
        stops = {stop for (stop,) in base.execute("SELECT stop FROM requests")}
        assert reader.cut_replies(base) == {}, "only what was cut is counted as cut"
    assert stops == {"eos_token"}
    assert "eos_token" in clemsim("show", "r", "1").out


def test_a_connection_that_breaks_off_prints_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        error = RuntimeError("unable to perform operation; the handler is closed")
        loop.call_exception_handler({"message": "Fatal error on SSL protocol", "exception": error, "transport": None})
        assert caplog.text == ""
        loop.call_exception_handler({"message": "a bug of ours", "exception": error})

    run_async(main())
    assert "a bug of ours" in caplog.text
