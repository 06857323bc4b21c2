"""Arenas as environments: the real checkers of PettingZoo and Gymnasium, and loops over many episodes."""

from __future__ import annotations

import random
from typing import Any

import pytest

from clemsim import UsageError, View, find_arena
from clemsim.interop.environments.stepping import Episodes

CLUES = ["CLUE: it is an animal", "CLUE: it barks"]


def clue(view: View) -> str:
    return CLUES[view.turn % 2]


def test_an_episode_is_moved_by_hand() -> None:
    stepped = Episodes("taboo").begin(seed=3)
    assert stepped.seat == "describer"
    first = stepped.news("describer")
    assert first and stepped.messages()[-1]["content"] in first
    with pytest.raises(UsageError, match="the reply of describer is to be text, not 3"):
        stepped.move(3)  # type: ignore[arg-type]  # as a caller without types may
    stepped.move("CLUE: a thing")
    assert "a thing" in stepped.news("guesser")
    assert set(stepped.rewards().values()) == {0.0}
    stepped.move("no guess at all")
    assert stepped.outcome and stepped.outcome.kind == "aborted"
    assert stepped.rewards() == {"describer": 0.0, "guesser": -1.0}
    with pytest.raises(UsageError, match="is over"):
        _ = stepped.view


def test_a_seed_decides_the_episodes_that_follow_it() -> None:
    def labels(seed: int) -> list[str]:
        episodes = Episodes("taboo")
        return [episodes.begin(seed if place == 0 else None).driver.key.instance for place in range(6)]

    assert labels(1) == labels(1) != labels(2)
    with pytest.raises(UsageError, match="no instance 9999: taboo has instances 0 to"):
        Episodes("taboo").begin(instance=9999)


def test_seats_of_a_game_of_one_score_share_it() -> None:
    arena = find_arena("wordle")()
    stepped = Episodes(arena).begin(instance=0)
    target = arena.instances()[0].target
    stepped.move(f"explanation: it is the word\nguess: {target}")
    assert stepped.outcome and stepped.outcome.kind == "success"
    assert stepped.rewards() == {"guesser": 1.0}


@pytest.mark.parametrize(
    "spec",
    [
        "taboo",
        "privateshared",
        "examples/cookbook/undercover.py:Undercover",
        "examples/cookbook/connect_four.py:ConnectFour",
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_pettingzoo_passes_its_own_test(spec: str) -> None:
    checks: Any = pytest.importorskip("pettingzoo.test", reason="PettingZoo is not installed: pip install pettingzoo")
    from clemsim.interop.environments.pettingzoo import aec_env  # noqa: PLC0415

    checks.api_test(aec_env(spec), num_cycles=50)


def test_pettingzoo_gives_each_seat_its_own_reward() -> None:
    pytest.importorskip("pettingzoo", reason="PettingZoo is not installed: pip install pettingzoo")
    from clemsim.interop.environments.pettingzoo import aec_env  # noqa: PLC0415

    env = aec_env("examples/cookbook/connect_four.py:ConnectFour")
    env.reset(seed=1)
    earned: dict[str, float] = {}
    moves = iter(["DROP: 1", "DROP: 2"] * 4)
    for agent in env.agent_iter():
        _, reward, over, _, _ = env.last()
        if over:
            earned[agent] = reward
        env.step(None if over else next(moves))
    assert sorted(earned.values()) == [0.0, 1.0]


@pytest.mark.filterwarnings("ignore")
def test_gymnasium_passes_its_own_checker() -> None:
    checker: Any = pytest.importorskip(
        "gymnasium.utils.env_checker", reason="Gymnasium is not installed: pip install gymnasium"
    )
    from clemsim.interop.environments.gym import ArenaGym  # noqa: PLC0415

    checker.check_env(ArenaGym("taboo", seat="guesser", others={"describer": clue}), skip_render_check=True)
    with pytest.raises(UsageError, match="nobody plays describer"):
        ArenaGym("taboo", seat="guesser")
    with pytest.raises(UsageError, match="has no seat 'judge'"):
        ArenaGym("taboo", seat="judge", others=clue)


@pytest.mark.slow
def test_a_thousand_episodes_of_each() -> None:
    pytest.importorskip("gymnasium", reason="Gymnasium is not installed: pip install gymnasium")
    pytest.importorskip("pettingzoo", reason="PettingZoo is not installed: pip install pettingzoo")
    from clemsim.interop.environments.gym import ArenaGym  # noqa: PLC0415
    from clemsim.interop.environments.pettingzoo import aec_env  # noqa: PLC0415

    draw, ends = random.Random(1), 0
    alone = ArenaGym("wordle", instances=find_arena("wordle")().instances()[:9])
    for seed in range(1000):
        alone.reset(seed=seed)
        over = False
        while not over:
            _, reward, over, _, _ = alone.step(f"explanation: none\nguess: {draw.choice(['crane', 'slate', 'nonsense'])}")
        ends += reward in (-1.0, 0.0, 1.0) or 0 < reward < 1
    several = aec_env("examples/cookbook/connect_four.py:ConnectFour")
    for seed in range(1000):
        several.reset(seed=seed)
        for _ in several.agent_iter():
            over = several.last()[2]
            several.step(None if over else f"DROP: {draw.randint(1, 7)}")
        ends += not several.agents
    assert ends == 2000
