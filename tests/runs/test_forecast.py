"""What a run will cost: by the tokens of the same model where they are known, else of others, else nothing is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from clemsim.runs.forecast import EarlierTokens, Forecast, Tokens, forecast, ident, together
from clemsim.runs.prepare import PreparedRun, prepare
from clemsim.store.config import RunConfig

URL = "http://127.0.0.1:8000/v1"
PRICED = f"m@{URL}?price_in=1&price_out=10"
MODEL = ident({"model": "m"})


def prepared(*agents: str, arenas: tuple[str, ...] = ("taboo",)) -> PreparedRun:
    return prepare(RunConfig(suite="quick", arenas=arenas, agents=agents, instances=1))


def earlier(name: str, *rows: tuple[str, str, object, float]) -> EarlierTokens:
    """Return the tokens of a run in which two episodes took so many tokens in each, and a tenth of them out."""
    spent = {}
    for game, seat, model, tokens in rows:
        counts = {"tokens_in": 2 * tokens, "tokens_out": 0.2 * tokens}
        spent[game, seat, ident({"model": model})] = Tokens(2, counts)
    return EarlierTokens(Path(name), spent)


def expected(run: PreparedRun, *runs: EarlierTokens) -> Forecast:
    found = forecast(run.episodes, runs)
    assert found
    return found


def test_tokens_of_the_same_model_go_before_those_of_a_newer_run() -> None:
    run = prepared(PRICED, "baseline")
    newer = earlier("newer", ("taboo", "describer", "x", 100), ("taboo", "guesser", "x", 100))
    older = earlier("older", ("taboo", "describer", "m", 1000), ("taboo", "guesser", "m", 3000))
    count = len(run.episodes) // 2  # the others are the baseline's
    found = expected(run, newer, older)
    assert (found.tokens_in, found.tokens_out, found.sources, found.others) == (
        4000 * count,
        400 * count,
        (Path("older"),),
        False,
    )
    assert found.price == pytest.approx(count * (4000 + 10 * 400) / 1e6)
    found = expected(run, newer)
    assert (found.tokens_in, found.sources, found.others) == (200 * count, (Path("newer"),), True)


def test_only_the_seats_of_an_agent_with_a_price_count() -> None:
    run = prepared(f"describer={PRICED}", f"guesser=n@{URL}")
    found = expected(run, earlier("r", ("taboo", "describer", "m", 100), ("taboo", "guesser", "m", 900)))
    assert found.tokens_in == 100 * len(run.episodes) and not found.others


def test_another_way_of_thinking_is_another_model() -> None:
    run = prepared(f"{PRICED}&thinking=high")
    assert expected(run, earlier("r", ("taboo", "describer", "m", 100), ("taboo", "guesser", "m", 100))).others


def test_games_of_which_nothing_is_known_are_named() -> None:
    run = prepared(PRICED, arenas=("taboo", "wordle"))
    found = expected(run, earlier("r", ("taboo", "describer", "m", 100), ("taboo", "guesser", "m", 100)))
    assert found.unknown == ("wordle",)
    assert found.episodes == sum(episode.key.arena == "taboo" for episode in run.episodes)
    both = together([found, None, found])
    assert both and (both.price, both.episodes, both.sources) == (2 * found.price, 2 * found.episodes, (Path("r"),))


def test_nothing_is_said_where_nothing_is_known_or_has_a_price() -> None:
    known = earlier("r", ("taboo", "describer", "m", 100), ("taboo", "guesser", "m", 100))
    assert forecast(prepared(f"m@{URL}").episodes, [known]) is None
    assert forecast(prepared(PRICED, arenas=("wordle",)).episodes, [known]) is None
    assert forecast(prepared(PRICED).episodes, []) is None and together([None]) is None


def test_the_judge_is_paid_by_its_own_price() -> None:
    run = prepared(f"bestof:m@{URL}?n=2&temperature=1&price_in=1&judge=j@{URL}?price_in=100")
    (agent,) = run.agents
    counts = {"tokens_in": 1000.0, "judged tokens_in": 10.0}
    key = ident(agent.describe())
    spent = {("taboo", seat, key): Tokens(1, counts) for seat in ("describer", "guesser")}
    found = expected(run, EarlierTokens(Path("r"), spent))
    assert not found.others and found.price == pytest.approx(len(run.episodes) * 2 * (1000 + 10 * 100) / 1e6)
