"""Where two dialogues part first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from clemsim.game.events import Asked, Ended, Event, Parsed, Replied
from clemsim.results.dialogue.difference import FirstDifference, first_difference
from clemsim.results.dialogue.read import dialogue_of
from tests.results.dialogue.talks import KEY, events


def changed(kind: type[Event], turn: int, **fields: Any) -> list[Event]:
    """Return the events with one of them changed."""

    def own(event: Event) -> Event:
        hit = type(event) is kind and getattr(event, "turn", turn) == turn
        return replace(event, **fields) if hit else event

    return [own(event) for event in events()]


def up_to_ask(turn: int) -> list[Event]:
    """Return the events up to the ask of a turn."""
    last = next(place for place, event in enumerate(events()) if isinstance(event, Asked) and event.turn == turn)
    return [*events()[: last + 1]]


@pytest.mark.parametrize(
    ("other", "expected"),
    [
        (events(), None),
        (changed(Asked, 2, content="Else?"), FirstDifference("asked", 2, 0, 0)),
        (changed(Replied, 4, content="VOTE: x"), FirstDifference("replied", 4, 2, 2)),
        (changed(Replied, 4, reasoning="hm"), None),
        (changed(Parsed, 7, move="x"), FirstDifference("judged", 7, 5, 5)),
        (changed(Ended, 0, quality=1.0), FirstDifference("outcome", 8, None, None)),
        (up_to_ask(6), FirstDifference("length", 6, 4, 4)),
        (up_to_ask(6)[:-1], FirstDifference("length", 6, 4, None)),
    ],
)
def test_the_first_difference(other: Sequence[Event], expected: FirstDifference | None) -> None:
    assert first_difference(dialogue_of(KEY, events()), dialogue_of(KEY, other)) == expected
