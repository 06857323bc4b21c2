"""The runs of a study: every combination once, pairings both ways round, errors that name the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from clemsim.catalog.trust import Trust
from clemsim.errors import UsageError
from clemsim.study.plan import plan, read_study

MODELS = """
[[model]]
name = "a"
[[model.variant]]
access = "one"
quantisation = 4
agent = "baseline"
[[model.variant]]
access = "two"
quantisation = 8
agent = "random"
[[model]]
name = "b"
[[model.variant]]
access = "one"
agent = "path/to/b.py:B"
"""


def write(folder: Path, text: str = "", models: str = MODELS) -> Path:
    path = folder / "study.toml"
    path.write_text(f'name = "s"\narenas = ["taboo"]\n{text}\n{models}')
    return path


def test_every_combination_is_a_run_of_its_own(tmp_path: Path) -> None:
    text = 'suites = ["quick", "paper"]\nseeds = [0, 3]\nconstrain = [false, true]\nmax_tokens = 50'
    members = plan(read_study(write(tmp_path, text)))
    assert len(members) == 3 * 2 * 2 * 2 == len({member.run for member in members})
    first, last = members[0], members[-1]
    assert first.run == "members/a-one-4bit/quick-seed0" and last.run == "members/b-one/paper-seed3-constrained"
    assert (last.config.suite, last.config.seed, last.config.constrain, last.config.max_tokens) == ("paper", 3, True, 50)
    assert [member.label for member in members[::8]] == ["a, one, 4 bit", "a, two, 8 bit", "b"]


def test_choices(tmp_path: Path) -> None:
    def labels(text: str) -> list[str]:
        return [member.label for member in plan(read_study(write(tmp_path, text)))]

    assert labels('models = ["a"]\nquantisations = [8]') == ["a"]
    assert labels('access = ["one"]') == ["a", "b"]


@pytest.mark.parametrize(
    ("pairings", "expected"),
    [
        ("all", ["aa", "ab", "ba", "bb"]),
        ("round-robin", ["ab", "ba"]),
    ],
)
def test_pairings_are_played_with_the_seats_swapped(tmp_path: Path, pairings: str, expected: list[str]) -> None:
    text = f'pairings = "{pairings}"\naccess = ["one"]'
    members = plan(read_study(write(tmp_path, text)))
    assert ["".join(player.model.name for player in member.seats.values()) for member in members] == expected
    assert members[expected.index("ab")].config.agents == ("describer=baseline", "guesser=path/to/b.py:B")


def test_games_with_the_same_seats_share_a_run_of_a_pairing(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(f'name = "s"\npairings = "round-robin"\naccess = ["one"]\n{MODELS}')
    arenas_by_seats = {tuple(member.seats): set(member.config.arenas) for member in plan(read_study(path))}
    assert arenas_by_seats[("describer", "guesser")] == {"taboo"}
    assert all(len(seats) in (1, 2) for seats in arenas_by_seats)
    alone = [member for member in plan(read_study(path)) if tuple(member.seats) == ("guesser",)]
    assert [member.label for member in alone] == ["guesser: a", "guesser: b"]
    assert set(alone[0].config.arenas) == {"wordle", "wordle_withclue"}


def test_models_and_a_suite_are_read_from_files_beside_the_study(tmp_path: Path) -> None:
    (tmp_path / "m.toml").write_text(MODELS)
    (tmp_path / "own.toml").write_text('name = "own"\n[arenas.taboo]\n')
    study = read_study(write(tmp_path, 'models_file = "m.toml"\nsuites = ["own.toml"]', models=""))
    assert [model.name for model in study.model] == ["a", "b"]
    assert study.suites == (str((tmp_path / "own.toml").resolve()),)
    assert plan(study)[0].run == "members/a-one-4bit/own-seed0"


@pytest.mark.parametrize(
    ("text", "models", "expected"),
    [
        ("parallel = 0", MODELS, r"study\.toml: parallel: "),
        ('pairing = "all"', MODELS, r"study\.toml: pairing: Extra inputs"),
        ('pairings = "some"', MODELS, r"pairings: Input should be 'self', 'all' or 'round-robin'"),
        ("seeds = []", MODELS, "seeds: "),
        ('models = ["c"]', MODELS, "models: there is no 'c': choose one of a, b"),
        ('access = ["three"]', MODELS, "access: there is no 'three': choose one of one, two"),
        ("quantisations = [2]", MODELS, r"quantisations: there is no 2\.0: choose one of 4\.0, 8\.0"),
        ("", '[[model]]\nname = "a"', r"model a has no \[\[model\.variant\]\]"),
        ("", "", "there is no model to play"),
        ("", MODELS + '[[model]]\nname = "b"', "two models have the same name"),
        ('models_file = "none.toml"', "", "none.toml cannot be read"),
        ('suites = ["paper", "x/paper.toml"]', MODELS, "two of its runs would both be members/a-one-4bit/paper-seed0"),
        ('pairings = "round-robin"\nmodels = ["b"]', MODELS, "round-robin needs as many models as a game has seats"),
    ],
)
def test_errors_name_the_key(tmp_path: Path, text: str, models: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected) as caught:
        plan(read_study(write(tmp_path, text, models)))
    assert "\n" not in str(caught.value)


def test_of_a_game_with_roles_the_roles_are_cast(tmp_path: Path) -> None:
    undercover = Path(__file__).parents[2] / "examples" / "cookbook" / "undercover.py"
    path = write(tmp_path, 'pairings = "round-robin"\naccess = ["one"]')
    path.write_text(path.read_text().replace('"taboo"', f'"{undercover}:Undercover"'))
    members = plan(read_study(path), Trust(given=True))
    assert [member.config.agents for member in members] == [
        ("spy=baseline", "civilian=path/to/b.py:B"),
        ("spy=path/to/b.py:B", "civilian=baseline"),
    ]


def test_axes_are_settings_of_agents(tmp_path: Path) -> None:
    axes = """[[axes]]
temperature = [0, 0.7]
thinking = ["off", "on"]
[[axes]]
system = ["Be brief, please."]
"""
    members = plan(read_study(write(tmp_path, 'models = ["b"]', MODELS + axes)))
    assert [member.label for member in members] == [
        "b, temperature 0, thinking off",
        "b, temperature 0, thinking on",
        "b, temperature 0.7, thinking off",
        "b, temperature 0.7, thinking on",
        "b, system Be brief, please.",
    ]
    assert members[2].config.agents == ("path/to/b.py:B?temperature=0.7&thinking=off",)
    assert len({member.run for member in members}) == 5


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ("heat = [1]", "study s: axes: there is no setting 'heat'"),
        ("temperature = [-1]", "study s: axes: temperature=-1: "),
        ("temperature = []", "study s: axes: temperature has no values"),
        ("temperature = 1", "axes"),
    ],
)
def test_axes_that_are_wrong(tmp_path: Path, axes: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan(read_study(write(tmp_path, 'models = ["b"]', f"{MODELS}[[axes]]\n{axes}\n")))
