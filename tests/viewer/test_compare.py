"""The page of two agents side by side says what `clemsim compare` says, and leads to where they part."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

import pytest

from clemsim.analysis.compare import compare
from clemsim.errors import UsageError
from clemsim.results.dialogue.model import TurnBatch
from clemsim.viewer.pages.compare import CompareChoice
from clemsim.viewer.pages.pairs import episode_pairs
from clemsim.viewer.pages.side_by_side import side_by_side
from tests.viewer.conftest import Viewer

BOTH = "/compare?a=first&agent_a=baseline&agent_b=random"


async def test_the_page_asks_for_what_it_needs(viewer: Viewer) -> None:
    text = await viewer.page("/compare")
    assert "Choose two runs" in text and "<option>first</option>" in text
    text = await viewer.page("/compare?a=first")
    assert "Choose an agent of each run" in text and "<option>baseline</option>" in text and 'name="agent_b"' in text
    assert "these are the same episodes" in await viewer.page("/compare?a=first&agent_a=random&agent_b=random")
    assert "choose with --b one of baseline, random" in unescape(await viewer.page(BOTH.replace("=random", "=nobody")))
    await viewer.page("/compare?a=nothing", 404)


async def test_the_verdict_is_that_of_the_command(viewer: Viewer, folder: Path) -> None:
    text = unescape(await viewer.page(BOTH))
    comparison = compare(folder / "first", folder / "first", "baseline", "random")
    assert all(sentence in text for sentence in comparison.sentences) and all(note in text for note in comparison.notes)
    rows = re.findall(r'<th scope="row">(\w+), ([%\w]+)</th>', text)
    assert len(rows) == len(comparison.rows) and rows[-1][0] == "overall"
    for row in comparison.joint:
        address = f"game={row.game}&side={row.event}-only_a#pairs"
        assert (f'{address}">{row.only_a}</a>' in text) == bool(row.only_a)


async def test_numbers_lead_to_their_pairs_and_pairs_to_both_dialogues(viewer: Viewer, folder: Path) -> None:
    first = folder / "first"
    pairs = episode_pairs((first, "baseline"), (first, "random"), {"taboo", "privateshared"})
    assert [abs(pair.difference) for pair in pairs] == sorted((abs(pair.difference) for pair in pairs), reverse=True)
    only = [pair for pair in pairs if pair.side("won") == "only_a" and pair.game == "taboo"]
    text = await viewer.page(f"{BOTH}&game=taboo&side=won-only_a")
    assert only and text.count("A − B, worth") == 1 and text.count("#dialogues") == len(only)
    pair = only[0]
    text = await viewer.page(f"{BOTH}&pair={pair.a}-{pair.b}")
    assert 'id="parts"' in text and 'data-key="d"' in text and f'href="/run/first/episode/{pair.a}"' in text
    assert "<h4>replies</h4>" in text and "They part in " in text
    await viewer.page(f"{BOTH}&pair=1-9999999", 404)
    await viewer.page(f"{BOTH}&pair=one", 404)


def test_dialogues_are_shown_once_as_far_as_they_are_the_same(played: Path) -> None:
    same = side_by_side((played, 1), (played, 1))
    assert not same.told and not same.rest and same.alike
    pair = episode_pairs((played, "baseline"), (played, "random"), {"taboo"})[0]
    found = side_by_side((played, pair.a), (played, pair.b))
    assert found.told and found.parting and [row.parts for row in found.rest].count(True) == 1
    (parting,) = [row for row in found.rest if row.parts]
    numbers = [step.turns[0].number for step in (parting.a, parting.b) if isinstance(step, TurnBatch)]
    assert numbers and len(set(numbers)) == 1, "the same turn stands on both sides"
    assert all(step.turns[0].number < numbers[0] for step in found.alike if isinstance(step, TurnBatch))


def test_a_choice_keeps_to_the_names_that_it_knows() -> None:
    choice = CompareChoice.of({"a": "x", "evil": "y", "pair": "1-2"})
    assert choice.query(pair="") == {"a": "x"} and choice.query(game="g") == {"a": "x", "game": "g", "pair": "1-2"}


async def test_without_the_libraries_the_page_says_so(viewer: Viewer, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise UsageError("analyses need the extra `analysis`")

    monkeypatch.setattr("clemsim.viewer.pages.comparing.compare", missing)
    assert "analyses need the extra `analysis`" in unescape(await viewer.page(BOTH))


async def test_a_comparison_that_takes_long_is_said_to_be_computed_and_comes_when_it_is_there(
    viewer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("clemsim.viewer.pages.compare.PATIENCE", 0.0)
    text = await viewer.page(BOTH)
    assert "is being computed" in text and 'data-live="/compare/changes?a=first' in text and "clemscore:" not in text
    assert "event: end" in await viewer.page(BOTH.replace("/compare?", "/compare/changes?"))
    text = await viewer.page(BOTH)
    assert "is being computed" not in text and "clemscore:" in text and 'data-live="' not in text
