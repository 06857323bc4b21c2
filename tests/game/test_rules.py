"""Rule sets: which one a game plays by, what its results are marked with, and what is wrong with a name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from clemsim.arena import find_arena
from clemsim.catalog.suites import load_suite
from clemsim.errors import UsageError
from clemsim.interop.clembench.port import ports
from clemsim.interop.clembench.rules import rules_of_instances, rules_of_results
from clemsim.testing import drive
from tests.games import Guessing


@pytest.mark.parametrize("name", load_suite("paper").arenas)
def test_every_game_of_the_paper_has_both_rule_sets(name: str) -> None:
    kind: Any = find_arena(name)
    assert list(kind.RULES)[:2] == ["v1.6", "v3.0"]
    assert (kind().rules_name, kind().rules_version) == ("v1.6", "1.6+2")
    assert kind(rules="v3.0").rules_version == "3.0+2" and kind(rules="v3.0").rules is kind.RULES["v3.0"]


@pytest.mark.parametrize("name", [name for name in ports() if name not in load_suite("paper").arenas])
def test_every_later_game_of_clembench_plays_by_v3_0(name: str) -> None:
    assert find_arena(name)().rules_name == "v3.0"


def test_a_game_without_rule_sets_is_marked_with_its_version() -> None:
    assert (Guessing().rules_name, Guessing().rules, Guessing().rules_version) == (None, None, 1)
    with pytest.raises(UsageError, match=r"guessing has no rule set 'v3\.0'$"):
        Guessing(rules="v3.0")


def test_a_rule_set_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"taboo has no rule set 'v2': choose one of v1\.6, v3\.0"):
        find_arena("taboo")(rules="v2")


def test_who_says_which_rules(tmp_path: Path) -> None:
    (tmp_path / "suite.toml").write_text('rules = "v3.0"\n[arenas.taboo]\n[arenas.wordle]\nrules = "v1.6"\n')
    suite = load_suite(str(tmp_path))
    taboo, wordle = find_arena("taboo"), find_arena("wordle")
    assert [suite.game(kind).rules_name for kind in (taboo, wordle)] == ["v3.0", "v1.6"]
    assert [suite.game(kind, "v1.6").rules_name for kind in (taboo, wordle)] == ["v1.6", "v1.6"]
    assert suite.game(Guessing).rules_name is None, "the rules of a suite are no matter to a game without any"


@pytest.mark.parametrize(
    ("version", "rules"),
    [("v1.6", "v1.6"), ("v2.0", "v1.6"), ("v3.0", "v3.0"), ("3", "v3.0"), ("v0.9extended", "v1.6"), ("new", "v1.6")],
)
def test_rules_of_instance_files(version: str, rules: str) -> None:
    assert rules_of_instances(version) == rules


@pytest.mark.parametrize(
    ("version", "rules"), [("2.5.1", "v1.6"), ("3.2", "v1.6"), ("3.7.2", "v3.0"), ("4.0", "v3.0"), (None, "v1.6")]
)
def test_rules_of_results(version: str | None, rules: str) -> None:
    assert rules_of_results(version) == rules


def test_a_verbatim_game_strips_no_reply() -> None:
    taboo = find_arena("taboo")
    word = taboo().load({"target": "winter", "related": ()})
    replies = ["\nCLUE: frost", "GUESS: winter"]
    stripped, as_said = drive(taboo(), word, replies).outcome, drive(taboo(verbatim=True), word, replies[:1]).outcome
    assert stripped is not None and as_said is not None
    assert (stripped.kind, as_said.kind) == ("success", "aborted")
