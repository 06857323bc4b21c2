"""Recorded episodes of other game masters, driven through our arenas: outcome, every score and every round agree."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from clemsim_arenas.referencegame.game import Grids, ReferenceGame
from clemsim_arenas.taboo.game import Taboo, Word
from clemsim_arenas.wordle.game import Target, Wordle

from clemsim import Arena, Message
from clemsim.run import scores_of

GOLDEN = Path(__file__).parents[2].parent / "shared" / "golden"

pytestmark = pytest.mark.skipif(not GOLDEN.is_dir(), reason="the recorded episodes are not beside the project")


def taboo(record: Mapping[str, Any]) -> Word:
    data = record["instance"]
    rounds = record["experiment_config"]["max_turns"]
    return Word(target=data["target_word"], related=tuple(data["related_word"]), rounds=rounds)


def wordle(record: Mapping[str, Any]) -> Target:
    return Target(target=record["instance"]["target_word"].strip())


def referencegame(record: Mapping[str, Any]) -> Grids:
    data = record["instance"]
    grids = tuple(data[f"player_1_{name}_grid"] for name in ("target", "second", "third"))
    shown = [data[f"player_2_{name}_grid"] for name in ("first", "second", "third")]
    right = ("first", "second", "third").index(data["target_grid_name"][0])
    assert shown[right] == grids[0]
    order = [1, 2]
    order.insert(right, 0)
    return Grids.model_validate({"grids": grids, "order": order})


def folder_with_words(tmp_path: Path) -> Path:
    file = GOLDEN / "clembench-v1.6" / "wordle" / "in" / "instances_v1.6.json"
    words = json.loads(file.read_text())["experiments"][0]["lang_keywords"]["official_words_list"]
    (tmp_path / "resources").mkdir()
    (tmp_path / "resources" / "valid.txt").write_text("\n".join(word.strip() for word in words))
    return tmp_path


GAMES: dict[str, tuple[type[Arena[Any]], Callable[[Mapping[str, Any]], Any]]] = {
    "taboo": (Taboo, taboo),
    "wordle": (Wordle, wordle),
    "referencegame": (ReferenceGame, referencegame),
}


def records(name: str) -> Iterator[dict[str, Any]]:
    with (GOLDEN / "dev" / f"{name}.jsonl").open() as file:
        yield from map(json.loads, file)


@pytest.mark.parametrize("name", GAMES)
def test_every_recorded_episode_agrees(name: str, tmp_path: Path) -> None:
    kind, convert = GAMES[name]
    arena = kind(folder_with_words(tmp_path)) if name == "wordle" else kind()
    for line, record in enumerate(records(name), 1):
        drive = arena.drive(convert(record))
        for reply in record["replies"]:
            ask = drive.pending[0]
            assert arena.seats.index(ask.seat) == int(reply["player"][-1]) - 1, f"line {line}"
            drive.answer(ask.turn, Message(ask.seat, reply["text"]))
        assert drive.outcome is not None and drive.outcome.kind == record["outcome"], f"line {line}"
        scores, rounds = scores_of(arena, drive.transcript)
        assert {key: scores[key] for key in record["scores"]} == pytest.approx(record["scores"], abs=1e-6), f"line {line}"
        check_rounds(record["round_scores"], rounds, f"line {line}")


def check_rounds(expected: Mapping[str, Mapping[str, float]], rounds: Any, where: str) -> None:
    """clembench numbers rounds from 0 or 1, and gives an aborted game without rounds one that is empty."""
    some = [scores for _, scores in sorted(expected.items(), key=lambda item: int(item[0]))]
    defined = [scores for scores in some if any(value is not None for value in scores.values())]
    if rounds and defined:
        assert len(defined) == len(rounds), where
    for ours, theirs in zip(rounds, defined, strict=False):
        assert {key: ours[key] for key in theirs if key in ours} == {k: v for k, v in theirs.items() if k in ours}, where
