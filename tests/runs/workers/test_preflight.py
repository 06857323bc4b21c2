"""What a node is asked before a run, and how a lost one is told."""

from __future__ import annotations

import asyncio
import socket
from importlib.metadata import version
from pathlib import Path

import pytest

from clemsim.runs.workers.losses import LostWorkers, sentence
from clemsim.runs.workers.preflight import NodeFacts, _problems, look


def test_a_node_looks_for_files_variables_and_servers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "files" / "a").mkdir(parents=True)
    monkeypatch.setenv("THERE", "1")
    monkeypatch.delenv("GONE", raising=False)
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as closed:
        open_, shut = (f"http://127.0.0.1:{each.getsockname()[1]}" for each in (server, closed))
        closed.close()
        facts = look(["/a", "/b"], ["THERE", "GONE"], [open_, shut], proxies=False)
    assert (facts.missing_files, facts.missing_variables, facts.unreachable) == (["/b"], ["GONE"], [shut])
    assert facts.clemsim == version("clemsim")
    told = _problems("10.0.0.2", facts)
    assert told[:2] == ["node 10.0.0.2 did not get /b", "node 10.0.0.2 did not get GONE"]
    assert told[2].endswith("that address is each node itself, give the server's own")


def test_other_versions_are_told() -> None:
    told = _problems("10.0.0.2", NodeFacts("0.0.1", "3.8.1", [], [], []))
    assert "has clemsim 0.0.1" in told[0] and "has Python 3.8.1" in told[1]
    assert _problems("10.0.0.2", "it does not answer") == ["node 10.0.0.2: it does not answer"]


def test_the_workers_of_a_lost_node_are_one_sentence() -> None:
    async def lose() -> list[str]:
        said: list[str] = []
        lost = LostWorkers()
        lost.tell = said.append
        lost.add("10.0.0.2", 3, 10)
        lost.add("10.0.0.2", 2, 0)
        lost.add("", 1, 0)
        lost.tell_all()
        assert lost.nodes == {"10.0.0.2"}
        return said

    first, second = asyncio.run(lose())
    assert first.startswith("2 workers on node 10.0.0.2 lost: 15 episodes move to other workers (5 of them under way")
    assert second == sentence("", 1, 1, 0) and "1 episode moves" in second
