"""Every registered arena has a golden transcript of each outcome, and plays it to the letter."""

from __future__ import annotations

import pytest

from clemsim.catalog.plugins import registered
from tests.golden.cases import CASES
from tests.golden.write import FOLDER, rendered

OUTCOMES = ("success", "failure", "aborted")
NEVER = {("clean_up", "failure")}  # what comes to its end there is a success, however small
ENDS = [(arena, outcome) for arena in registered("arenas") for outcome in OUTCOMES if (arena, outcome) not in NEVER]


@pytest.mark.parametrize(("arena", "outcome"), ENDS)
def test_golden_transcript(arena: str, outcome: str) -> None:
    assert outcome in CASES.get(arena, {}), f"tests/golden/cases.py has no {outcome} of {arena}"
    text = rendered(arena, outcome)
    assert text == (FOLDER / arena / f"{outcome}.txt").read_text(encoding="utf-8")
    assert text.splitlines()[-1].startswith(outcome)
