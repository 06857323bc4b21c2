"""Tools through the command line: a transcript with calls in the terminal and as a page, a person who types them, and a
small real model that is held to the format of calls.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import clemsim as cs
from clemsim.runs.replay import replay
from tests.cli.conftest import Clemsim

WAREHOUSE = Path(__file__).parents[2] / "examples" / "cookbook" / "warehouse.py"
GAME = f"{WAREHOUSE}:Warehouse"


def test_a_transcript_shows_calls_and_their_results(clemsim: Clemsim, tmp_path: Path) -> None:
    agents = ("--agent", f"{WAREHOUSE}:Thorough", "--instances", 1)
    assert clemsim("run", "--arena", GAME, *agents, "--out", "r").code == 0
    shown = clemsim("show", "r", 1).out
    for text in (
        "clerk, calls",
        '{"tool": "stock", "arguments": {"item": "bolts",',
        "price returns",
        "turn 2: clerk goes on",
    ):
        assert text in shown
    assert clemsim("show", "r", "--html", "page.html").code == 0
    page = (tmp_path / "page.html").read_text()
    for text in (
        "clerk, calls",
        "{&#34;tool&#34;: &#34;stock&#34;",
        ">price returns</h2>",
        "turn 2: clerk goes on",
    ):
        assert text in page
    assert "2 turns" in clemsim("replay", "r", "--trust").out


def test_a_person_types_calls(clemsim: Clemsim, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: Iterator[str] = iter(["/stock bolts north", "/nothing", "", "SEND: north", ""])
    monkeypatch.setattr("builtins.input", lambda prompt: next(lines))
    played = clemsim("play", GAME)
    assert played.code == 0 and played.out.startswith("success (quality ")
    for text in ("You may call tools, each on a line of its own, such as: /stock", "stock returns", "no tool 'nothing'"):
        assert text in " ".join(played.err.split())


@pytest.mark.local
@pytest.mark.slow
async def test_a_small_real_model_plays_a_game_with_tools_when_it_is_held_to_the_format(tmp_path: Path) -> None:
    run = await cs.run(arenas=GAME, agents="local", constrain=True, instances=1, temperature=0.7, out=tmp_path / "run")
    assert run.summary.episodes == 1 and not run.summary.unfinished
    calls = run.columns("calls")
    assert len(calls["tool"]) >= 1 and not any(calls["failed"])
    outcome = run.transcript(1).outcome
    assert outcome and outcome.kind in ("success", "failure")  # nothing breaks the format
    assert not [episode.problem for episode in replay(run.folder, trust=True) if episode.problem]
