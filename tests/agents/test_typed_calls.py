"""Calls of tools as a person types them."""

from __future__ import annotations

import pytest
from clemsim_agents.typed_calls import explain, typed_calls

from clemsim.game.tools import Offer, tool


def stock(item: str, count: int = 1, large: bool = False) -> str:
    """What is there."""
    return item * count


OFFER = Offer((tool(stock),))


@pytest.mark.parametrize(
    ("line", "arguments"),
    [
        ("/stock bolts", '{"item": "bolts"}'),
        ("/stock 'long bolts' 3 true", '{"item": "long bolts", "count": 3, "large": true}'),
        ("  /stock large=false bolts", '{"large": false, "item": "bolts"}'),
        ("/stock item=a=b count=many", '{"item": "a=b", "count": "many"}'),
        ("/stock 'open", '{"item": "\'open"}'),
        ("/stock a 1 true more", '{"item": "a", "count": 1, "large": true, "argument4": "more"}'),
    ],
)
def test_arguments_come_by_name_or_in_order(line: str, arguments: str) -> None:
    (call,) = typed_calls([line], OFFER)
    assert (call.tool, call.arguments) == ("stock", arguments)


def test_a_reply_without_the_sign_is_a_text_and_each_line_with_it_is_a_call() -> None:
    assert typed_calls(["ANSWER: 3", "1/2"], OFFER) == ()
    assert [call.tool for call in typed_calls(["/stock a", "and", "/", "/other x"], OFFER)] == ["stock", "", "other"]
    assert "/stock item=... count=... large=...\n- stock(item: string, count: integer, may be left out" in explain(OFFER)
