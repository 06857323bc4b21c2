"""Scores by seat: stored, read again, and averaged by agent over its seats; and the metrics that a game names."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import orjson
import pytest

import clemsim
from clemsim import Agent, Arena, ArenaError, Instance, Message, Outcome, Table, Transcript, View, tagged
from clemsim.cli.view.results import results
from clemsim.game.events import Scored, decode, encode
from clemsim.results.run_html import summary_html
from clemsim.results.run_summary import summarize_run
from clemsim.results.scaled_means import scaled_mean
from clemsim.results.summary import ArenaSummary
from clemsim.runs.workers.notices import BufferedRecorder
from clemsim.runtime.scheduler import Scheduler
from clemsim.store import checksums, reader
from clemsim.store.reader import SeatRow
from clemsim.store.writer import RunStore
from clemsim.testing import drive, render

SEATS = ("red", "yellow")


class Duel(Arena[Instance]):
    """The higher number wins; the same is a draw."""

    name, version = "duel", 1
    seats = SEATS
    shown = ("Sum",)

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """One number of each."""
        red, yellow = [await table.ask(seat, "Number?", parse=tagged("N:").then(int)) for seat in self.seats]
        score = 0.5 if red == yellow else float(red > yellow)
        return Outcome.scores({"red": score, "yellow": 1 - score}, reason=f"{red}:{yellow}")

    def metrics(self, transcript: Transcript[Instance], /) -> Mapping[str, float | None]:
        """The sum of both."""
        return {"Sum": float(sum(move for seat in SEATS for move in transcript.moves(seat)))}


class Says(Agent):
    """Says the same always, or what the instance's number gives."""

    def __init__(self, name: str, reply: str) -> None:
        self.name = name
        self._reply = reply

    async def reply(self, view: View) -> Message:
        """Say it."""
        return Message(view.seat, self._reply)


HIGH, LOW, MUTE = Says("high", "N: 2"), Says("low", "N: 1"), Says("mute", "hm")


async def played(folder: Path, *casts: Mapping[str, Agent], instances: int = 6) -> Path:
    """Play casts into a store, as a run does."""
    duel = Duel()
    episodes = [episode for cast in casts for episode in duel.episodes([Instance(id=n) for n in range(instances)], cast)]
    with RunStore(folder / "run.db") as store:
        for episode in episodes:
            store.enlist(episode.key, episode.instance, 1)
        await Scheduler(store).play(episodes)
    (folder / "run.toml").write_text('[arenas.duel]\nversion = 1\nshown = ["Sum"]\n')
    return folder


async def test_a_win_counts_for_the_agent_in_the_seat(tmp_path: Path) -> None:
    summary = summarize_run(await played(tmp_path, {"red": LOW, "yellow": HIGH}, {"red": HIGH, "yellow": LOW}))
    assert summary.seat_scores is not None
    high, low = summary.seat_scores["duel"]["high"], summary.seat_scores["duel"]["low"]
    assert (high.episodes, high.won, high.lost, high.score) == (12, 12, 0, 1.0)
    assert (low.episodes, low.won, low.lost, low.score) == (12, 0, 12, 0.0)
    assert high.seats["yellow"].won == 6 and high.seats["red"].won == 6
    assert high.ci is not None and high.ci[0] < 0.8 and high.ci[1] == 1.0  # twelve wins are no certainty
    assert (summary.played, summary.quality, summary.clemscore, summary.worth) == (100.0, None, None, None)
    assert summary.metrics is not None
    assert [own["duel"]["Sum"].mean for own in summary.metrics.values()] == [3.0, 3.0]
    assert orjson.loads(orjson.dumps(summary.as_json()))["seat_scores"]["duel"]["high"]["seats"]["red"]["score"] == 1.0


async def test_draws_and_aborted_episodes(tmp_path: Path) -> None:
    folder = await played(tmp_path, {"red": HIGH, "yellow": HIGH}, {"red": HIGH, "yellow": MUTE})
    summary = summarize_run(folder)
    assert summary.seat_scores is not None
    high, mute = summary.seat_scores["duel"]["high"], summary.seat_scores["duel"]["mute"]
    assert (high.episodes, high.drawn, high.aborted, high.score) == (12, 12, 0, 0.5)
    assert (mute.episodes, mute.aborted, mute.score) == (0, 6, None)
    assert isinstance(summary.arenas["duel"], ArenaSummary) and summary.arenas["duel"].aborted == 6
    assert results(summary) is not None
    seats = clemsim.open_run(folder).columns("seats")
    assert list(seats) == ["episode", "seat", "role", "agent", "score"] and seats["score"][-2:] == [None, None]


async def test_a_store_without_seats_is_read_and_gets_them_when_written_to(tmp_path: Path) -> None:
    folder = await played(tmp_path, {"red": LOW, "yellow": HIGH})
    with closing(sqlite3.connect(folder / "run.db")) as base:
        base.executescript("DROP TABLE seats")
    with reader.reading(folder / "run.db") as base:
        assert reader.seats(base) == {} and checksums.counts(base) == (6, 0)
    assert summarize_run(folder).seat_scores is None
    assert clemsim.open_run(folder).columns("seats")["seat"] == []
    RunStore(folder / "run.db", create=False).close()
    with reader.reading(folder / "run.db") as base:
        assert reader.has_seats(base)


def test_the_outcome_goes_through_the_log() -> None:
    transcript = drive(Duel(), Instance(), ["N: 1", "N: 2"])
    scored = transcript.events[-2]
    assert isinstance(scored, Scored) and decode("scored", encode(scored)) == scored
    assert transcript.outcome == Outcome.scores({"red": 0.0, "yellow": 1.0}, reason="1:2")
    assert render(transcript).endswith("scores red=0.0 yellow=1.0\nsuccess quality=None blame=None 1:2\n")


@pytest.mark.parametrize(
    ("by_seat", "message"),
    [
        ({}, "such as"),
        ({"rde": 1.0}, "of the seats red, yellow, not of 'rde'"),
        ({"red": float("nan")}, "finite number"),
        ({"red": True}, "finite number"),
    ],
)
def test_scores_that_are_none(by_seat: dict[str, float], message: str) -> None:
    with pytest.raises(ArenaError, match=message):
        Outcome.scores(by_seat).check(SEATS)


def test_an_aborted_episode_has_no_scores() -> None:
    with pytest.raises(ArenaError, match="forfeits"):
        Outcome.scores({"red": 1}, kind="aborted").check(SEATS)


def test_a_metric_that_is_shown_must_be_one() -> None:
    class Misnamed(Duel):
        shown = ("Summ",)

    game = Misnamed()
    with pytest.raises(ArenaError, match=r"shown names 'Summ', which is no metric of duel: choose among .*Sum"):
        game.scores(drive(game, Instance(), ["N: 1", "N: 2"]))


def test_a_mean_on_a_scale_of_ones_own() -> None:
    values = {str(n): [float(n % 5 - 2)] for n in range(30)}
    mean, interval = scaled_mean(values, -2.0, 2.0)
    assert mean == 0.0 and interval is not None and -1 < interval[0] < 0 < interval[1] < 1
    assert interval[0] == pytest.approx(-interval[1])
    assert scaled_mean({"a": [3.0]}, 3.0, 3.0) == (3.0, None)
    assert scaled_mean({}, 0.0, 0.0) == (None, None)


async def test_who_sat_where_comes_from_a_worker_too(tmp_path: Path) -> None:
    episodes = Duel().episodes([Instance()], {"red": LOW, "yellow": HIGH})
    buffer = BufferedRecorder()
    await Scheduler(buffer).play(episodes)
    with RunStore(tmp_path / "run.db") as store:
        store.enlist(episodes[0].key, episodes[0].instance, 1)
        for notice in buffer.take():
            notice.tell(store)
    with reader.reading(tmp_path / "run.db") as base:
        assert reader.seats(base)[1] == [SeatRow("red", "red", "low", 0.0), SeatRow("yellow", "yellow", "high", 1.0)]
        (row,) = reader.episodes(base)
        assert row.outcome is not None and row.outcome.by_seat == {"red": 0.0, "yellow": 1.0}


async def test_a_notebook_shows_the_table_with_names_escaped(tmp_path: Path) -> None:
    folder = await played(tmp_path, {"red": LOW, "yellow": Says("<b>", "N: 2")})
    html = summary_html(summarize_run(folder))
    assert "<td>duel: &lt;b&gt;, yellow</td><td>6</td><td>6</td><td>0</td><td>0</td><td>0</td>" in html
