"""`clemsim ratings`: runs and studies with pairings, populations, what cannot be rated."""

from __future__ import annotations

import shlex
import sqlite3
import tomllib
from pathlib import Path
from typing import Any

import pytest

from clemsim.analysis.crossplay import analyze_crossplay, freeze
from clemsim.analysis.sources.crossplay import SeatedEpisode, read_crossplay
from clemsim.analysis.sources.meetings import meetings
from clemsim.analysis.writing.files import as_json
from clemsim.game.outcomes import Outcome
from clemsim.store.reader import SeatRow
from tests.cli.conftest import Clemsim

FILE = Path(__file__).parents[2] / "examples" / "cookbook" / "connect_four.py"
FOUR, CAREFUL = f"{FILE}:ConnectFour", f"{FILE}:Careful"
UNDERCOVER = f"{FILE.parent / 'undercover.py'}:Undercover"

PLAYER = """from clemsim import Agent, Message
class Other(Agent):
    name = "other"
    def __init__(self, arg="", options=None): pass
    async def reply(self, view): return Message(view.seat, view.format.sample(__import__("random").Random(1)))
"""


@pytest.fixture
def pairs(clemsim: Clemsim) -> Clemsim:
    """Return a client with the run `pairs` of careful and random in both seats."""
    words = ("--arena", FOUR, "--agent", CAREFUL, "--agent", "random", "--pairings", "round-robin", "--out", "pairs")
    assert clemsim("run", *words).code == 0
    return clemsim


def rated(folder: Path, *runs: str) -> Any:
    """Return what `clemsim ratings --json` prints, without writing a page."""
    return as_json(analyze_crossplay(read_crossplay([folder / run for run in runs])), ())["analyses"]


def test_the_better_player_is_rated_higher_from_either_seat(pairs: Clemsim, tmp_path: Path) -> None:
    tables = rated(tmp_path, "pairs")["ratings"]["tables"]
    first, second = tables["ratings"]
    assert (first["model"], first["lost"], second["won"]) == ("careful", 0, 0) and first["low"] > 0 > second["high"]
    assert first["above_low"] > 0 and first["above_high"] is None and first["beats_next"] > 0.8
    by_seat = {(row["seat"], row["model"]): row["strength"] for row in tables["rating_by_seat"]}
    assert all(by_seat[seat, "careful"] > by_seat[seat, "random"] for seat in ("red", "yellow"))
    shown = pairs("ratings", "pairs", "--figures", "none")
    assert shown.code == 0 and max(map(len, shown.out.splitlines())) <= 80 and "open above" in shown.out
    page = (tmp_path / "ratings" / "report.html").read_text()
    assert "Who plays how well with whom" in page and "spec-ratings_forest" in page and "spec-partners_connect_four" in page


def test_the_pairing_to_play_next_is_a_command_that_runs(pairs: Clemsim, tmp_path: Path) -> None:
    (sentence,) = rated(tmp_path, "pairs")["next"]["sentences"]
    words = shlex.split(sentence[sentence.index("clemsim run") :])[1:]
    assert pairs(*words, "--out", "next").code == 0
    both = rated(tmp_path, "pairs", "next")["ratings"]["tables"]["ratings"]
    assert sum(row["games"] for row in both) > 44


def test_a_newcomer_is_rated_on_the_scale_of_a_population(pairs: Clemsim, tmp_path: Path) -> None:
    assert pairs("ratings", "pairs", "--figures", "none", "--freeze", "pop.toml").code == 0
    frozen = tomllib.loads((tmp_path / "pop.toml").read_text())
    assert [player["name"] for player in frozen["player"]] == ["careful", "random"] and frozen["versions"][
        "connect_four"
    ] == 1
    (tmp_path / "second.py").write_text(FILE.read_text().replace('"careful"', '"second"'))
    newcomer = ("--arena", FOUR, "--agent", f"{tmp_path}/second.py:Careful")
    assert pairs("run", *newcomer, "--against", "pop.toml", "--out", "new").code == 0
    ratings = {row["model"]: row for row in rated(tmp_path, "new")["ratings"]["tables"]["ratings"]}
    assert ratings["careful (fixed)"]["strength"] == pytest.approx(frozen["player"][0]["rating"])
    assert ratings["second"]["strength"] > ratings["random (fixed)"]["strength"]
    assert pairs("resume", "new").code == 0
    grown = freeze(read_crossplay([tmp_path / "new"]), "grown")
    assert {player.name for player in grown.player} == {"careful", "random", "second"}
    assert grown.seats == frozen["seats"] and frozen.get("draws", {}).items() <= grown.draws.items()
    for text, words, expected in (
        (('digest = "', 'digest = "0'), newcomer, "careful is not the player that was rated"),
        (("connect_four = 1", "connect_four = 2"), newcomer, "was rated by version 2 of connect_four, not 1"),
        (("rating = ", "rated = "), newcomer, "other.toml: player.0"),
        (("", ""), ("--arena", "taboo", "--agent", "baseline"), "the population was not rated in taboo"),
        (("", ""), ("--arena", FOUR, "--agent", "random"), "--agent random is of the population in other.toml already"),
        (("", ""), (*newcomer, "--pairings", "all"), "two ways of seating agents: choose one"),
    ):
        (tmp_path / "other.toml").write_text((tmp_path / "pop.toml").read_text().replace(*text))
        result = pairs("run", *words, "--against", "other.toml", "--out", "none")
        assert result.code == 2 and expected in " ".join(result.err.split()), result.err
        assert not (tmp_path / "none").exists()


def test_a_team_game_has_a_matrix_and_effects_but_no_ratings(clemsim: Clemsim, tmp_path: Path) -> None:
    words = ("--arena", "taboo", "--agent", "baseline", "--agent", "random")
    assert clemsim("run", *words, "--pairings", "all", "--out", "pairs").code == 0
    analyses = rated(tmp_path, "pairs")
    assert analyses["ratings"]["sentences"] == ["Nothing is rated: no episode gave scores to seats of different agents."]
    means = {(row["agent"], row["other"]): row["mean"] for row in analyses["partners"]["tables"]["partners"]}
    assert means["baseline", "baseline"] == 100 and means["baseline", "random"] == 0 and len(means) == 4
    assert {row["seat"] for row in analyses["blame"]["tables"]["blame_effects"]} == {"describer", "guesser"}
    assert clemsim("ratings", "pairs", "--figures", "none", "--freeze", "pop.toml").code == 2
    assert clemsim("run", *words, "--pairings", "round-robin", "--out", "swapped").code == 0
    (note,) = rated(tmp_path, "swapped")["blame"]["sentences"]
    assert "cannot be told apart: play all of --pairings all" in note
    assert clemsim("run", *words, "--out", "alone").code == 0
    result = clemsim("ratings", "alone")
    assert result.code == 2 and "no two agents that share the seats of a game: play some with --pairings all" in result.err


def test_a_stopping_rule_needs_casts_that_play_all_games(clemsim: Clemsim) -> None:
    words = ("--arena", "taboo", "--arena", "wordle", "--agent", "baseline", "--agent", "random", "--pairings", "all")
    result = clemsim("run", *words, "--stop-when", "ci(played) < 70", "--out", "r")
    assert result.code == 2 and "play them in runs of their own" in " ".join(result.err.split())


def test_roles_that_instances_decide_are_rated(clemsim: Clemsim, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text(PLAYER)
    words = ("--arena", UNDERCOVER, "--agent", "random", "--agent", "other.py:Other", "--instances", 1)
    assert clemsim("run", *words, "--pairings", "round-robin", "--out", "r").code == 0
    tables = rated(tmp_path, "r")["ratings"]["tables"]
    assert {row["seat"] for row in tables["rating_by_seat"]} == {"spy", "civilian"}
    assert [row["games"] for row in tables["ratings"]] == [6, 6]  # one for each of three sizes and two casts


def seated(instance: str, rows: list[tuple[str, str, str, float | None]], outcome: Outcome | None = None) -> SeatedEpisode:
    scores = {seat: score for seat, _, _, score in rows if score is not None}
    return SeatedEpisode("g", instance, tuple(SeatRow(*row) for row in rows), outcome or Outcome.scores(scores))


def test_an_episode_is_one_game_however_many_seats_it_has() -> None:
    team = seated("0", [("p1", "spy", "a", 0.0), *((f"p{n}", "civilian", "b", 1.0) for n in range(2, 6))])
    (game,) = meetings([team])
    assert (game.first, game.second, game.score, game.seats, game.weight) == ("b", "a", 1.0, ("civilian", "spy"), 1.0)
    free = seated("0", [("x", "x", "a", 3.0), ("y", "y", "b", 1.0), ("z", "z", "c", 1.0), ("judge", "judge", "d", None)])
    played = meetings([free])
    assert [(each.first, each.second, each.score) for each in played] == [("a", "b", 1.0), ("a", "c", 1.0), ("b", "c", 0.5)]
    assert sum(each.weight for each in played) == pytest.approx(1.0)


def test_an_aborted_episode_is_no_game_unless_it_is_forfeited() -> None:
    rows: list[tuple[str, str, str, float | None]] = [
        (seat, seat, agent, None) for seat, agent in zip("xyz", "abc", strict=True)
    ]
    episode = seated("0", rows, Outcome.aborted("no tag", blame="y"))
    assert meetings([episode]) == []
    lost = meetings([episode], forfeits=True)
    assert {(each.first, each.second, each.score) for each in lost} == {("a", "b", 1.0), ("b", "c", 0.0)}


def test_a_study_is_rated_by_the_names_of_its_models(clemsim: Clemsim, tmp_path: Path) -> None:
    models = "".join(
        f'[[model]]\nname = "{name}"\n[[model.variant]]\naccess = "x"\nagent = "{agent}"\n'
        for name, agent in (("good", "baseline"), ("bad", "random"))
    )
    (tmp_path / "s.toml").write_text(f'name = "s"\narenas = ["taboo"]\ninstances = 2\npairings = "all"\n{models}')
    assert clemsim("study", "s.toml", "--out", "s").code == 0
    play = read_crossplay([tmp_path / "s"])
    assert {row.agent for episode in play.episodes for row in episode.seats} == {"good", "bad"}
    assert play.specs == {"good": "baseline", "bad": "random"}
    assert {analysis.key for analysis in analyze_crossplay(play)} == {"ratings", "partners", "blame", "next"}


def test_what_no_store_tells_is_read_from_the_cast(clemsim: Clemsim, tmp_path: Path) -> None:
    words = ("--arena", "taboo", "--agent", "guesser=baseline", "--agent", "describer=random")
    assert clemsim("run", *words, "--out", "r").code == 0
    with sqlite3.connect(tmp_path / "r" / "run.db") as base:
        base.execute("DELETE FROM seats")
    assert clemsim("run", *words[:2], "--agent", "baseline", "--out", "alone").code == 0
    play = read_crossplay([tmp_path / "r", tmp_path / "alone"])
    found = {tuple((row.seat, row.agent) for row in episode.seats) for episode in play.episodes}
    apart = (("guesser", "baseline"), ("describer", "random"))
    assert found == {apart, tuple((seat, "baseline") for seat, _ in apart)}
