"""A base and two adapters on one real vLLM server: run with `pytest -m vllm`, `vllm` on the PATH, and with
CLEMSIM_TEST_VLLM_MODEL naming the folder of a Llama.
"""

from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import pytest

from clemsim.results.diagnostics import loads
from clemsim.runs.run import play
from clemsim.store import reader
from clemsim.store.config import RunConfig
from tests.engines.adapters import make_adapter

BASE = os.environ.get("CLEMSIM_TEST_VLLM_MODEL", "")
FLAGS = "max-model-len=2048&enforce-eager"

pytestmark = [
    pytest.mark.vllm,
    pytest.mark.skipif(not (Path(BASE) / "config.json").is_file(), reason="set CLEMSIM_TEST_VLLM_MODEL to a Llama's folder"),
]


async def test_a_base_and_two_adapters_play_one_run_on_one_server(tmp_path: Path) -> None:
    poet = make_adapter(Path(BASE), tmp_path / "poet", rank=8, seed=1, scale=0.5)
    clerk = make_adapter(Path(BASE), tmp_path / "clerk", rank=12, seed=2, scale=0.5)
    specs = (f"vllm:{BASE}?{FLAGS}", f"vllm:{BASE}+{poet}?{FLAGS}", f"vllm:{BASE}+{clerk}?{FLAGS}")
    config = RunConfig(agents=specs, arenas=("wordle",), instances=4, max_tokens=40, constrain=True)
    summary = await play(config, tmp_path / "run")
    name = Path(BASE).name
    agents = [name, f"{name}+poet", f"{name}+clerk"]
    assert summary.unfinished == 0 and summary.servers
    ((server, report),) = summary.servers.items()
    assert server.startswith(f"vllm:{name}") and report.agents == agents
    assert report.prefix_hits is not None and 0 < report.prefix_hits < 1
    with closing(sqlite3.connect(tmp_path / "run" / "run.db")) as base:
        rows = loads(base)
        moves = defaultdict(list)
        for episode in reader.episodes(base):
            moves[episode.key.cast].append(list(reader.events(base, episode.id)))
    moments = defaultdict(list)
    for row in rows:
        moments[row["at"]].append(row)
    assert all([row["agent"] for row in together] == agents for together in moments.values())
    widths = [sum(row["width"] for row in together) for together in moments.values()]
    assert widths[0] == 64 and max(widths) == report.width
    assert all(sum(row["in_flight"] for row in together) <= report.width for together in moments.values())
    assert len({str(moves[agent]) for agent in agents}) == 3, "no adapter plays as the base does"
