"""What a run costs by the prices of its agents, and the limit of it, as a user sees them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from clemsim.results.costs import AgentCost
from clemsim.runtime.price import Price
from clemsim.store import reader
from clemsim.store.folder import STORE
from tests.cli.conftest import Clemsim
from tests.engines.servers import MODEL, FakeServer, answer, says, serving_in_thread

TURN = (5 - 3) * 2e-6 + 3 * 0.5e-6 + 2 * 10e-6  # FakeServer counts 5 tokens in, 3 of them cached, and 2 out


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with serving_in_thread(FakeServer()) as running:
        yield running


def priced(server: FakeServer) -> str:
    return f"{MODEL}@{server.url}/v1?price_in=2&price_cached=0.5&price_out=10"


def test_tokens_by_hand() -> None:
    price = Price(2.0, 0.5, 10.0)
    assert price.of_tokens(5, 3, 2) == pytest.approx(TURN)
    assert Price(2.0, None, 10.0).of_tokens(5, 3, 2) == pytest.approx(5 * 2e-6 + 2 * 10e-6)
    assert Price(2.0, 0.0, 0.0).of_tokens(5, 9, 0) == 0.0  # more cached than in
    assert Price(hour=3.0).of_time(1800) == 1.5
    assert Price(**Price(2.0, 0.0).describe()) == Price(2.0, 0.0)  # nothing for those cached is a price too


def test_the_cost_of_a_run_is_that_of_its_turns(clemsim: Clemsim, server: FakeServer, tmp_path: Path) -> None:
    words = ["--suite", "quick", "--arena", "taboo", "--arena", "wordle", "--agent", priced(server), "--instances", 1]
    said = clemsim("run", *words, "--out", "r")
    assert said.code == 0, said.err
    with reader.reading(tmp_path / "r" / STORE) as base:
        (turns,) = base.execute("SELECT count(*) FROM requests").fetchone()
    cost = AgentCost(**clemsim("show", "r", "--json").json["costs"][MODEL])
    assert turns >= 4
    assert cost.total == pytest.approx(turns * TURN) == pytest.approx(sum(cost.games.values()))
    assert cost.time == 0 and cost.point is None  # worth is 0
    assert f"{MODEL} cost {cost.total:.4g}" in " ".join(said.out.split())
    assert "expected cost" not in said.err  # nothing is known yet
    again = clemsim("run", *words, "--out", "again", "--repetitions", 2, "--max-cost", cost.total)
    expected = f"expected cost: {2 * cost.total:.4g} for 10 episodes"
    assert expected in again.err and "by the tokens of the same models in r;" in again.err
    assert f"--max-cost {cost.total:g} will end the run after about 50% of it" in again.err
    planned = clemsim("run", *words, "--dry-run", "--like", "r")
    assert "its tokens cost about" in planned.out
    assert clemsim("run", *words, "--dry-run", "--like", "r", "--json").json["price"] == pytest.approx(cost.total)


@pytest.mark.parametrize("width", [1, 8])
def test_a_limit_of_the_cost_is_passed_by_less_than_a_turn(clemsim: Clemsim, server: FakeServer, width: int) -> None:
    most = 9.5 * TURN
    words = ["--arena", "taboo", "--agent", priced(server), "--repetitions", 4, "--width", width, "--max-cost", most]
    said = clemsim("run", *words, "--out", "r")
    assert said.code == 1 and "cost limit" in said.out
    summary = clemsim("show", "r", "--json").json
    assert most <= summary["costs"][MODEL]["total"] < most + TURN
    assert clemsim("resume", "r").code == 0
    assert clemsim("show", "r", "--json").json["unfinished"] == 0


def test_what_a_study_will_cost_is_said_before_it_begins(clemsim: Clemsim, server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(STUDY.format(agent=f"{MODEL}@{server.url}/v1"))
    first = clemsim("study", "s.toml", "--out", "studies/s")
    again = clemsim("study", "s.toml", "--out", "studies/again", "--json")
    assert first.code == again.code == 0 and "expected cost" not in first.err
    assert f"expected cost: {again.json['cost']:.4g} for 5 episodes" in again.err
    assert "by the tokens of the same models in" in again.err and "studies/s/members/dear-x/quick-seed0" in again.err
    assert "expected cost" not in clemsim("study", "s.toml", "--out", "studies/s").err  # nothing is left to play
    refused = clemsim("study", "s.toml", "--out", "new", "--like", "nowhere")
    assert refused.code == 2 and "nowhere" in refused.err


def test_a_busy_server_does_not_hold_up_a_run_whose_cost_is_limited(clemsim: Clemsim, tmp_path: Path) -> None:
    with serving_in_thread(FakeServer([says(529)])) as server:  # the width shrinks, and the others wait for this turn
        said = clemsim("run", "--arena", "taboo", "--agent", priced(server), "--max-cost", 100 * TURN, "--out", "r")
    assert said.code == 0, said.err
    with reader.reading(tmp_path / "r" / STORE) as base:
        assert base.execute("SELECT sum(retries) FROM requests").fetchone() == (1,)


def test_turns_that_back_off_do_not_pass_the_limit_together(clemsim: Clemsim) -> None:
    most = 3.5 * TURN
    with serving_in_thread(FakeServer([says(529), says(529)])) as server:
        said = clemsim("run", "--arena", "taboo", "--agent", priced(server), "--max-cost", most, "--out", "r")
    assert said.code == 1 and "cost limit" in said.out
    assert most <= clemsim("show", "r", "--json").json["costs"][MODEL]["total"] < most + TURN


def test_without_prices_there_is_no_cost(clemsim: Clemsim, server: FakeServer) -> None:
    words = ["--arena", "taboo", "--agent", f"{MODEL}@{server.url}/v1", "--instances", 1, "--out", "r"]
    assert clemsim("run", *words).code == 0
    said = clemsim("run", *words[:-2], "--max-cost", 1)
    assert said.code == 2 and "no agent has a price" in said.err
    assert "costs" not in clemsim("show", "r", "--json").json


def test_the_judge_of_a_run_is_paid_by_its_own_price(clemsim: Clemsim, tmp_path: Path) -> None:
    replies = [says(200, orjson.dumps(answer(f"CLUE: {number}", "stop")).decode()) for number in range(100)]
    with serving_in_thread(FakeServer(replies)) as server:
        where = f"{MODEL}@{server.url}/v1"
        judge = f"{where}?price_in=100%26price_out=100"
        best = f"bestof:{where}?n=2&temperature=1&name=best&price_in=2&price_out=10&judge={judge}"
        said = clemsim("run", "--arena", "taboo", "--agent", best, "--instances", 1, "--out", "r")
    assert said.code == 0, said.err
    with reader.reading(tmp_path / "r" / STORE) as base:
        (turns_in,) = base.execute("SELECT sum(tokens_in) FROM requests").fetchone()
        (judged,) = base.execute("SELECT count(*) FROM details WHERE value LIKE '%\"judge\":%'").fetchone()
    cost = AgentCost(**clemsim("show", "r", "--json").json["costs"]["best"])
    assert judged and cost.judge == pytest.approx(judged * 7e-4)  # 5 tokens in, 2 out
    assert cost.total == pytest.approx(cost.judge + turns_in / 5 * (5 * 2e-6 + 2 * 10e-6))
    assert "of it for the judge" in " ".join(said.out.split())


STUDY = """
name = "s"
arenas = ["taboo", "wordle"]
instances = 1
[[model]]
name = "dear"
price_in = 2
price_out = 10
[[model.variant]]
access = "x"
agent = "{agent}"
[[model]]
name = "baseline"
[[model.variant]]
access = "x"
agent = "baseline"
"""


def test_a_study_says_what_each_run_cost(clemsim: Clemsim, server: FakeServer, tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(STUDY.format(agent=f"{MODEL}@{server.url}/v1"))
    said = clemsim("study", "s.toml", "--out", "s")
    assert said.code == 0, said.err
    assert "all runs" in said.out and "a point" in said.out and ", cost " in said.err and "expected" not in said.err
    outcome = clemsim("study", "s.toml", "--out", "s", "--json").json
    dear, free = outcome["runs"]
    assert free["cost"] is None and outcome["cost"] == dear["cost"]["total"] > 0
    assert set(dear["cost"]["games"]) == {"taboo", "wordle"} and dear["cost"]["point"] is None
    cheaper = STUDY.format(agent=f"{MODEL}@{server.url}/v1").replace("price_in = 2", "price_in = 1")
    (tmp_path / "s.toml").write_text(cheaper)
    assert clemsim("study", "s.toml", "--out", "s").code == 0  # prices are no part of what is played

    planned = clemsim("study", "s.toml", "--dry-run", "--like", str(tmp_path / "s" / dear["run"]), "--json").json
    assert planned["price"] == pytest.approx(dear["cost"]["total"] * (5 + 20) / (10 + 20))
