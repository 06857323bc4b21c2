"""What is said before a run about what its instances can answer."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from clemsim.game.instances import EpisodeKey
from clemsim.runs.stopping.rule import StoppingRule
from clemsim.runtime.episode import Episode
from tests.games import Guessing, Number, Scripted, guess_by_seed

PAPER = {"a": 60, "b": 30, "c": 30, "d": 30, "e": 40, "f": 180, "g": 50}


def outlook(text: str, sizes: Mapping[str, int]) -> str:
    each = Guessing().episodes([Number(id=0, target=0)], Scripted(guess_by_seed))[0]
    some = [
        Episode(EpisodeKey(game, f"default/{number}", 0, name), each.instance, each.cast, each.drive)
        for name in ("one", "two-b")
        for game, count in sizes.items()
        for number in range(count)
    ]
    return StoppingRule(text, some, seed=0).outlook()


@pytest.mark.parametrize(
    ("text", "sizes", "said"),
    [
        ("one > two-b", {"a": 2, "b": 9}, "cannot be answered by these 11 instances, even if one of the two wins them all"),
        ("one > two-b", PAPER, "these 420 instances answer true differences of about 15 points or more"),
        ("one > two-b", {"a": 60}, "these 60 instances answer true differences of about 34 points or more"),
        ("|one - two-b| < 5", {"a": 60}, "cannot be answered by these 60 instances with yes"),
        ("|one-two-b| < 5", PAPER, "these 420 instances say yes only where the two hardly differ"),
        ("ci(worth) < 3", {"a": 30}, "cannot be answered by these 30 instances: even where all outcomes are alike"),
        ("ci(clemscore) < 15", PAPER, "these 420 instances answer it only where outcomes vary little"),
        ("ci(quality, f) < 3", PAPER, "these 180 instances"),
    ],
)
def test_what_cannot_be_answered_is_said(text: str, sizes: Mapping[str, int], said: str) -> None:
    found = outlook(text, sizes)
    assert said in found and "suite generate" in found and "\n" not in found


@pytest.mark.parametrize("text", ["|one - two-b| < 30", "ci(worth) < 30", "ci(clemscore) < 40", "ci(played) < 25"])
def test_what_can_be_answered_needs_no_word(text: str) -> None:
    assert outlook(text, PAPER) == ""
