"""Changing the width of a run from another process, and the picture of its history."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from clemsim.cli.view.load_chart import check_picture, draw_loads
from clemsim.errors import StoreError, UsageError
from clemsim.results.diagnostics import by_server
from clemsim.runs.width_control import follow_requests, request_width
from clemsim.store.config import parse_width
from clemsim.store.description import RunDescription
from clemsim.store.folder import alone, write_description


def test_widths() -> None:
    assert (parse_width("auto"), parse_width("12")) == (None, 12)
    for text in ("0", "-1", "many", "", "1.5", "²"):
        with pytest.raises(UsageError, match="a number of turns, or auto"):
            parse_width(text)


async def test_a_run_does_what_it_is_asked(tmp_path: Path) -> None:
    write_description(tmp_path, RunDescription())
    asked: list[int | None] = []
    (tmp_path / "width").write_text("7")  # of an earlier session
    obeying = asyncio.create_task(follow_requests(tmp_path, asked.append))
    await asyncio.sleep(0)
    with alone(tmp_path):
        for text in ("3", "auto"):
            request_width(tmp_path, text)
            await asyncio.sleep(0.7)
        (tmp_path / "width").write_text("nonsense")
        await asyncio.sleep(0.7)
    obeying.cancel()
    assert asked == [3, None] and not (tmp_path / "width").exists()


def test_nobody_plays_it(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no run"):
        request_width(tmp_path, "3")
    write_description(tmp_path, RunDescription())
    with pytest.raises(UsageError, match="clemsim resume"):
        request_width(tmp_path, "3")
    with alone(tmp_path):
        request_width(tmp_path, "3")


ROW = {"agent": "tiny", "started": 9, "in_flight": 8, "preemptions": 0, "prefix_hits": 0.5, "why": ""}
ROWS = [
    {**ROW, "at": 1e9 + second, "width": 8 + second, "running": 8, "waiting": 1, "kv_usage": 0.3, "tokens_per_second": 90.0}
    for second in range(60)
]


@pytest.mark.parametrize("name", ["load.svg", "load.png", "load.html"])
def test_the_history_is_drawn(tmp_path: Path, name: str) -> None:
    check_picture(tmp_path / name)
    draw_loads(ROWS, tmp_path / name)
    drawn = (tmp_path / name).read_bytes()
    assert len(drawn) > 5000
    text = drawn.decode(errors="replace")
    assert "https://cdn" not in text, "a page that needs the network"
    if not name.endswith("png"):
        assert all(title in text for title in ("turns in flight", "tokens per second", "KV cache in use", "seconds since"))


def test_agents_that_share_a_server_are_drawn_together_and_beside_each_other(tmp_path: Path) -> None:
    both = [{**row, "agent": agent, "server": "http://s:1"} for row in ROWS for agent in ("tiny", "poet")]
    together = by_server(both)
    assert [row["width"] for row in together] == [2 * (8 + second) for second in range(60)]
    assert [row["running"] for row in together] == [row["running"] for row in ROWS]
    draw_loads(both, tmp_path / "load.svg")
    drawn = (tmp_path / "load.svg").read_text()
    assert all(text in drawn for text in ("turns in flight by agent", ">poet<", ">tiny<"))


def test_what_can_not_be_drawn(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"\.svg"):
        check_picture(tmp_path / "load.jpeg")
    with pytest.raises(UsageError, match="no history"):
        draw_loads([], tmp_path / "load.svg")
