"""Every registered arena has a golden transcript of each outcome, and plays it to the letter."""

from __future__ import annotations

import pytest

from clemsim.catalog.plugins import registered
from tests.golden.cases import CASES
from tests.golden.write import FOLDER, rendered

OUTCOMES = ("success", "failure", "aborted")


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("arena", registered("arenas"))
def test_golden_transcript(arena: str, outcome: str) -> None:
    assert outcome in CASES.get(arena, {}), f"tests/golden/cases.py has no {outcome} of {arena}"
    text = rendered(arena, outcome)
    assert text == (FOLDER / arena / f"{outcome}.txt").read_text(encoding="utf-8")
    assert text.splitlines()[-1].startswith(outcome)
