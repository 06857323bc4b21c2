"""`clemsim show` with filters, and why episodes ended."""

from __future__ import annotations

import shlex
import stat
from pathlib import Path
from shutil import copytree

import pytest

from clemsim.runs.manifest import create_run
from clemsim.runs.prepare import prepare
from clemsim.store.config import RunConfig
from clemsim.store.folder import CONFIG
from tests.cli.conftest import Clemsim
from tests.results.episode_index.runs import RUN, write


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of a few episodes, which were won, lost and aborted."""
    folder = tmp_path_factory.mktemp("played")
    create_run([folder / "made"], prepare(RunConfig(agents=("baseline",), arenas=("taboo",), instances=1)))
    write(folder / "r")
    (folder / "made" / CONFIG).rename(folder / "r" / CONFIG)
    return folder / "r"


@pytest.fixture
def run(clemsim: Clemsim, played: Path, tmp_path: Path) -> Clemsim:
    """The run as `r`."""
    copytree(played, tmp_path / "r")
    return clemsim


def listed(clemsim: Clemsim, *words: str) -> list[int]:
    said = clemsim("show", "r", *words, "--json")
    assert said.code == 0, said.err
    return [row["episode"] for row in said.json["episodes"]]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--agent", "k"], [6, 7]),
        (["--arena", "wordle", "--outcome", "aborted"], [4, 5]),
        (["--experiment", "easy", "--status", "playing"], [8]),
        (["--reason", "does not have"], [4, 5]),
        (["--blame", "describer"], [3]),
        (["--flag", "cut"], [3]),
        (["--flag", "cut", "--flag", "retried"], []),
        (["--score", "40..99"], [6]),
        (["--turns", "3"], [2]),
        (["--tokens", "200.."], [3]),
        (["--grep", '"guess moon"'], [2]),
        (["--grep", "describer", "--in", "said"], []),
        (["--sort=-tokens", "--limit", "2"], [3, 2]),
        (["--sort", "score", "--limit", "3", "--page", "2"], [1, 3, 4]),
        (["--offset", "6"], [7, 8]),
    ],
)
def test_filters_sorts_and_pages(run: Clemsim, words: list[str], found: list[int]) -> None:
    assert listed(run, *words) == found


def test_the_list_says_where_it_goes_on_in_eighty_columns(run: Clemsim) -> None:
    said = run("show", "r", "--arena", "taboo", "--limit", 2)
    assert "1 to 2 of 4 episodes" in said.out and "taboo/easy/0" in said.out
    more = next(line for line in said.out.splitlines() if line.startswith("more: clemsim "))
    assert "3 to 4 of 4 episodes" in run(*shlex.split(more.removeprefix("more: clemsim "))).out
    assert max(map(len, said.out.splitlines())) <= 80
    assert "no episode of 8 is like that" in run("show", "r", "--grep", "unheardof").out
    assert "all 4 come before" in run("show", "r", "--arena", "taboo", "--page", 2).out
    assert stat.S_IMODE((Path("r") / "index.db").stat().st_mode) == 0o600


def test_rows_as_json_hold_the_facts(run: Clemsim) -> None:
    said = run("show", "r", "--flag", "cut", "--json").json
    assert (said["run"], said["filter"], said["count"], said["offset"]) == ("r", {"flag": "cut"}, 1, 0)
    (row,) = said["episodes"]
    assert (row["label"], row["cast"], row["outcome"], row["blame"]) == ("taboo/easy/2", "m", "aborted", "describer")
    assert row["flags"] == ["cut"] and row["tokens_in"] == 300


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--arena", "tabu"], "no episode has the arena 'tabu': choose from taboo, wordle, chess"),
        (["--outcome", "won"], "--outcome 'won': there is none; choose from success, failure, aborted"),
        (["--flag", "odd"], "--flag 'odd': there is none; choose from cut"),
        (["--score", "x"], "--score 'x': give a number or a range"),
        (["--grep", "?"], "there is no word to look for"),
        (["--grep", "x" * 3000], "--grep is too long"),
        (["--page", "2", "--offset", "3"], "--offset and --page both say where to begin"),
        (["7", "--arena", "taboo"], "leave out EPISODE"),
        (["--follow", "--endings"], "leave out EPISODE"),
    ],
)
def test_nonsense_gets_one_line_with_the_choices(run: Clemsim, words: list[str], told: str) -> None:
    said = run("show", "r", *words)
    assert said.code == 2 and told in said.err and len(said.err.splitlines()) == 1


def test_endings_are_counted_and_lead_to_their_episodes(run: Clemsim) -> None:
    said = run("show", "r", "--endings", "--outcome", "aborted")
    flat = " ".join(said.out.split())
    assert "2 of 2 endings; all of them: 3 episodes" in flat and "the guess '…' does not have 5 letters" in flat
    assert " m " not in flat.partition("letters")[0], "all of them are of one agent"
    one = next(line for line in said.out.splitlines() if line.startswith("episodes of one: clemsim "))
    assert "1 to 2 of 2 episodes" in run(*shlex.split(one.removeprefix("episodes of one: clemsim "))).out
    rows = run("show", "r", "--endings", "--json").json["endings"]
    assert sum(row["count"] for row in rows) == len(RUN)
    assert rows[0]["filter"] == {
        "cast": "m",
        "arena": "wordle",
        "outcome": "aborted",
        "blame": "guesser",
        "reason": "=the guess '…' does not have … letters",
    }


def test_abort_reasons_are_under_the_table_of_results(run: Clemsim) -> None:
    said = run("show", "r").out
    table = " ".join(said[: said.index("8 of 8 episodes")].split())
    assert "why episodes were aborted" in table and "guesser the guess '…' does not have 5 letters 2" in table
    assert "clemsim show r --endings" in table and "out of rounds" not in table
    run("run", "--agent", "baseline", "--arena", "taboo", "--instances", 1, "--out", "won")
    assert "aborted" not in run("show", "won").out.replace("an aborted one as 0", "")
    assert not (Path("won") / "index.db").exists(), "nothing is written where nothing is filtered"


def test_a_study_shows_its_standings_and_why_its_episodes_ended(run: Clemsim) -> None:
    copytree("r", "s/runs/first")
    copytree("r", "s/runs/second")
    rows = "".join(f'[[member]]\nrun = "runs/{name}"\nmodel = "{name}"\n' for name in ("first", "second"))
    Path("s/index.toml").write_text(rows)
    said = run("show", "s", "--arena", "taboo", "--sort", "model")
    assert said.out.index("first") < said.out.index("second") and "2 models in taboo" in said.out
    assert [row["model"] for row in run("show", "s", "--agent", "first", "--json").json["leaderboard"]] == ["first"]
    assert "4 wordle" not in said.out and max(map(len, said.out.splitlines())) <= 80
    assert "1 of 2 models" in run("show", "s", "--limit", 1).out
    assert sum(row["count"] for row in run("show", "s", "--endings", "--json").json["endings"]) == 2 * len(RUN)
    assert "letters" in run("show", "s", "--endings", "--arena", "wordle").out
    for words, told in {
        ("--grep", "apple"): "--grep lists episodes of one run: name it, such as clemsim show s/runs/first",
        ("--sort", "luck"): "a study has no such column; choose from model, games",
        ("--arena", "chess2"): "no game is called 'chess2': choose from taboo, wordle, chess",
    }.items():
        refused = run("show", "s", *words)
        assert refused.code == 2 and told in refused.err
