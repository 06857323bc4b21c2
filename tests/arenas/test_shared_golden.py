"""Recorded episodes of clembench's own game masters: the arenas agree with every one of them, ask by ask."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from clemsim.arena import find_arena
from clemsim.catalog import suites
from clemsim.catalog.suites import Suite
from clemsim.game.messages import Message
from clemsim.interop.clembench.checkout import import_checkout
from clemsim.interop.clembench.port import ports
from clemsim.interop.clembench.redriving import redrive, seated
from clemsim.interop.clembench.verify import alike, recorded_instance, verify
from clemsim.runtime.model_agent import chat

GOLDEN = Path(__file__).parents[3] / "shared" / "golden"

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded episodes (../shared/golden) are not here")

# Where our asks knowingly differ: the critic sees the feedback so far, which clembench's loses.
OTHER_ASKS = {("wordle_withcritic", "critic")}


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    folder = tmp_path_factory.mktemp("imported") / "v1.6"
    counts = import_checkout(GOLDEN / "clembench-v1.6", "v1.6", folder)
    assert sum(counts.values()) == 420
    return suites.load_suite(str(folder))


def records(name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    with (GOLDEN / "dev" / f"{name}.jsonl").open(encoding="utf-8") as file:
        yield from enumerate(map(json.loads, file), 1)


@pytest.mark.parametrize("name", ports())
def test_outcome_and_every_metric_agree(name: str, suite: Suite) -> None:
    (agreement,) = verify([GOLDEN / "dev" / f"{name}.jsonl"], suite).values()
    assert agreement.mismatches == []
    assert agreement.complete and agreement.episodes >= 15


@pytest.mark.parametrize("name", ports())
def test_the_metrics_of_rounds_agree(name: str, suite: Suite) -> None:
    arena = find_arena(name)(suite.folder_of(name))
    for line, record in records(name):
        driven = redrive(arena, recorded_instance(arena, record, ports()[name]), seated(arena, record["replies"]))
        check_rounds(record["round_scores"], driven.rounds, f"line {line}")


def check_rounds(expected: Mapping[str, Mapping[str, float]], rounds: Any, where: str) -> None:
    """clembench numbers rounds from 0 or 1, and gives an aborted game without rounds one that is empty."""
    ours = {name for scores in rounds for name in scores}
    some = [scores for _, scores in sorted(expected.items(), key=lambda item: int(item[0]))]
    defined = [scores for scores in some if any(scores.get(name) is not None for name in ours)]
    for mine, theirs in zip(rounds, defined, strict=False):
        for name in mine.keys() & theirs.keys():
            assert alike(mine[name], theirs[name]), f"{where}: {name}"


@pytest.mark.parametrize("name", ports())
def test_an_imported_suite_asks_in_clembenchs_words(name: str, suite: Suite) -> None:
    arena, compared = find_arena(name)(suite.folder_of(name)), 0
    for line, record in records(name):
        driven = arena.drive(recorded_instance(arena, record, ports()[name]), in_turn=True)
        for ask, reply in zip(record["asks"], record["replies"], strict=True):
            pending = driven.pending[0]
            if ask.get("content") is not None and (name, pending.seat) not in OTHER_ASKS:
                assert chat(driven.view(pending))[-1]["content"] == ask["content"], f"line {line}, turn {pending.turn}"
                compared += 1
            driven.answer(pending.turn, Message(pending.seat, reply["text"]))
    assert compared > 50
