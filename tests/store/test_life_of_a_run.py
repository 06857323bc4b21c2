"""A run is started, stopped, killed, resumed, rescored, branched and exported in any order: it never loses what it had, and
ends as one that nobody touched.
"""

from __future__ import annotations

import asyncio
import shutil
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test

from clemsim.errors import UsageError
from clemsim.game.events import Asked, Event, Replied
from clemsim.interop.export import FORMATS
from clemsim.runs import run as runs
from clemsim.runs.replay import branch
from clemsim.runs.session import LiveRun
from clemsim.store import checksums, reader
from clemsim.store.config import RunConfig
from clemsim.store.folder import STORE, SUMMARY

PLAYED = RunConfig(arenas=("taboo",), agents=("random", "baseline"), instances=1)
Episodes = dict[str, tuple[str, Any, list[Event]]]


def contents(folder: Path) -> tuple[Episodes, list[Any]]:
    """Every episode's status, outcome and events, and every score. Fails where the store is damaged."""
    with reader.reading(folder / STORE) as base:
        assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        checksums.check(base)
        assert checksums.counts(base)[1] == 0, "an episode has ended without a checksum"
        rows = list(reader.episodes(base))
        episodes = {str(row.key): (row.status, row.outcome, reader.events(base, row.id)) for row in rows}
        return episodes, base.execute("SELECT * FROM scores ORDER BY episode, round, metric").fetchall()


@cache
def undisturbed() -> tuple[Episodes, list[Any]]:
    """The contents of a run that nobody touches: the model that all others are compared with."""
    folder = Path(mkdtemp())
    try:
        asyncio.run(runs.play(PLAYED, folder / "r"))
        return contents(folder / "r")
    finally:
        shutil.rmtree(folder)


class LifeOfARun(RuleBasedStateMachine):
    """What may happen to one run."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(mkdtemp())
        self.run = self.home / "r"
        self.held: dict[str, int] = {}  # events of each episode that the store has been seen to hold
        self.copies = 0

    def teardown(self) -> None:
        shutil.rmtree(self.home)

    @initialize(width=st.sampled_from([None, 1, 3]), turns=st.integers(0, 30))
    def start(self, width: int | None, turns: int) -> None:
        """Play a new run, and stop it after some turns."""
        config = PLAYED.model_copy(update={"width": width})
        asyncio.run(runs.play(config, self.run, self._stopping(turns)))

    @rule(width=st.sampled_from([None, 1, 2, 8]), turns=st.integers(0, 30))
    def resume(self, width: int | None, turns: int) -> None:
        """Resume the run with another width, and stop it after some turns."""
        asyncio.run(runs.resume(self.run, self._stopping(turns), changes={"width": width}))

    @rule(turns=st.integers(0, 20))
    def kill(self, turns: int) -> None:
        """Resume the run, and go on with a copy of its folder as it was after some turns: what a killed process leaves."""
        image = self.home / "image"

        async def watch(live: LiveRun) -> None:
            while live.progress.turns < turns:  # noqa: ASYNC110 (what a display sees has no event)
                await asyncio.sleep(0)
            shutil.copytree(self.run, image)

        asyncio.run(runs.resume(self.run, watch))
        if image.exists():
            shutil.rmtree(self.run)
            image.rename(self.run)

    @rule()
    def rescore(self) -> None:
        """Compute all scores anew."""
        before = contents(self.run)
        runs.rescore(self.run)
        assert contents(self.run) == before

    @rule(form=st.sampled_from(["jsonl", "clembench"]))
    def export(self, form: str) -> None:
        """Export the run."""
        episodes, _ = contents(self.run)
        self.copies += 1
        out = self.home / f"export{self.copies}"
        count = FORMATS[form].export(self.run, out)
        assert count == sum(form == "jsonl" or status == "done" for status, _, _ in episodes.values())
        if form == "jsonl":
            lines = [orjson.loads(line) for line in out.read_bytes().splitlines()]
            assert [len(line["events"]) for line in lines] == [len(events) for _, _, events in episodes.values()]
        if count:  # without episodes it is an empty folder, which is free
            with pytest.raises(UsageError, match="already exists"):
                FORMATS[form].export(self.run, out)

    @precondition(lambda self: any(self.held.values()))
    @rule(data=st.data())
    def branch(self, data: st.DataObject) -> None:
        """Play an episode on from one of its turns; the run itself stays as it is."""
        before = contents(self.run)
        asked = [(n, e.turn) for n, (_, _, es) in enumerate(before[0].values(), 1) for e in es if isinstance(e, Asked)]
        episode, turn = data.draw(st.sampled_from(asked))
        self.copies += 1
        config = RunConfig(agents=("baseline",), repetitions=2)
        asyncio.run(branch(self.run, str(episode), turn, config, self.home / f"branch{self.copies}"))
        branched, _ = contents(self.home / f"branch{self.copies}")
        past = list(before[0].values())[episode - 1][2]
        for status, _, events in branched.values():
            shared = next(n for n, event in enumerate(past) if isinstance(event, Asked) and event.turn == turn) + 1
            assert status == "done" and events[:shared] == past[:shared]
        assert contents(self.run) == before

    @invariant()
    def nothing_is_lost_and_nothing_doubled(self) -> None:
        """Each episode is a beginning of what it would have been, at least as long as it was."""
        if not self.run.exists():
            return
        episodes, scores = contents(self.run)
        whole, all_scores = undisturbed()
        assert episodes.keys() == whole.keys()
        for key, (status, outcome, events) in episodes.items():
            assert events == whole[key][2][: len(events)], key
            replies = [event.turn for event in events if isinstance(event, Replied)]
            assert len(replies) == len(set(replies))
            assert (status == "done") == (outcome is not None)
            assert status != "done" or (outcome, events) == whole[key][1:]
            assert len(events) >= self.held.get(key, 0), f"{key} has lost events"
        self.held = {key: len(events) for key, (_, _, events) in episodes.items()}
        done = {number for number, (status, _, _) in enumerate(episodes.values(), 1) if status == "done"}
        assert scores == [row for row in all_scores if row[0] in done]
        assert not list(self.home.glob(".clemsim-*")) and (self.run / SUMMARY).exists()

    def _stopping(self, turns: int) -> Any:
        async def watch(live: LiveRun) -> None:
            while live.progress.turns < turns:  # noqa: ASYNC110 (what a display sees has no event)
                await asyncio.sleep(0)
            live.stop()

        return watch


def check(examples: int, steps: int) -> None:
    run_state_machine_as_test(
        LifeOfARun,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_the_life_of_a_run() -> None:
    check(4, 5)


@pytest.mark.slow
def test_the_long_life_of_many_runs() -> None:
    check(30, 10)
