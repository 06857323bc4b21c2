"""Dialogues of a run on disk: who sat where, what it cost, what it scored."""

from __future__ import annotations

from pathlib import Path

from clemsim.results.dialogue.read import read_dialogue
from clemsim.store import reader
from clemsim.store.folder import STORE, read_description

RUN = Path(__file__).parents[2] / "data" / "before-seats" / "run"


def test_every_episode_of_an_old_run_is_a_dialogue() -> None:
    description = read_description(RUN)
    with reader.reading(RUN / STORE) as base:
        rows = list(reader.episodes(base))
        found = [read_dialogue(base, row, description) for row in rows]
    assert [one.key for one in found] == [row.key for row in rows] and {one.number for one in found} == {
        row.id for row in rows
    }
    assert [one.outcome for one in found] == [row.outcome for row in rows]
    ended = [one for one in found if one.outcome]
    assert ended and all(one.metrics and one.facts and list(one.turns) for one in ended)
    assert all(seat.scripted for one in found for seat in one.seats) and found[0].run_seed is not None
