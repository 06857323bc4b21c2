"""The steps of a dialogue: who was told and asked what, and what became of each reply."""

from __future__ import annotations

from clemsim.game.content import Text, images_of
from clemsim.game.events import Asked, Replied
from clemsim.results.dialogue.model import Dialogue, Forgetting, Note, Telling, TurnBatch, readable
from clemsim.results.dialogue.read import dialogue_of
from clemsim.results.dialogue.steps import complete_steps
from tests.pictures import shade
from tests.results.dialogue.talks import EVIL, KEY, events

COST = {"model": "m", "seconds": 1.5, "tokens_in": 10, "tokens_cached": 4, "tokens_out": 6, "replica": "r1", "retries": 2}


def dialogue() -> Dialogue:
    return dialogue_of(KEY, events(), costs={2: COST}, details={2: {"tokens_thought": 3}})


def test_asks_of_one_batch_are_one_exchange_with_their_answers() -> None:
    steps = dialogue().steps
    kinds = [type(step) for step in steps]
    exchanges = [step for step in steps if isinstance(step, TurnBatch)]
    assert kinds == [TurnBatch, TurnBatch, TurnBatch, Note, TurnBatch, TurnBatch, Forgetting, TurnBatch, Telling]
    assert [[turn.number for turn in each.turns] for each in exchanges] == [[1, 2], [3], [4, 5], [6], [7], [8]]
    assert [(turn.seat, turn.reply and turn.reply.text) for turn in exchanges[0].turns] == [
        ("a", "VOTE: yes"),
        ("b", f"no {EVIL}"),
    ]


def test_a_turn_has_what_its_seat_heard_since_its_last_one_and_what_became_of_its_reply() -> None:
    one, two, three, four, _, six, seven, eight = dialogue().turns
    assert [(heard.kind, heard.text) for heard in one.heard] == [("system", "You are a."), ("told", "Welcome.")]
    assert [heard.kind for heard in two.heard] == ["told", "told", "echo"] and two.asked == (Text("Vote, b."),)
    assert images_of(two.heard[1].parts) == (shade(1),)
    assert (one.parsed, one.move_text, one.rejected, one.asked_again) == (True, "yes", None, None)
    assert two.rejected and two.rejected.violation and not two.parsed and two.asked_again == 3
    assert three.heard == () and three.asked_text.startswith("Once more: ") and three.move_text == "no"
    assert four.aside and not one.aside
    assert six.reply and six.reply.calls[0].tool == "stock" and six.reply.returned[0].content == "4"
    assert (six.is_settled, six.parsed, seven.goes_on_after, seven.move_text) == (True, False, 6, "4")
    assert two.cost and (two.cost.tokens_cached, two.cost.tokens_thought, two.cost.replica, two.cost.retries) == (
        *(4, 3, "r1"),
        2,
    )
    assert one.cost is None and eight.heard == ()


def test_what_nobody_is_asked_after_is_told_to_all_at_once() -> None:
    whole = dialogue()
    last = whole.steps[-1]
    assert isinstance(last, Telling) and last.seats == ("a", "b") and last.heard.text == "It is over."
    assert whole.outcome and whole.outcome.by_seat == {"a": 1, "b": 0} and whole.outcome.quality == 50
    assert [(seat.name, seat.agent) for seat in whole.seats] == [("a", "one"), ("b", "two")]


def test_every_beginning_is_a_dialogue_and_its_complete_steps_stay() -> None:
    all_events = events()
    final = [step for step in dialogue_of(KEY, all_events).steps if not isinstance(step, Telling)]
    for size in range(len(all_events)):
        cut = dialogue_of(KEY, all_events[:size])
        assert cut.outcome is None
        complete = complete_steps(cut.steps)
        assert [*map(_without_again, complete)] == [*map(_without_again, final[: len(complete)])]


def _without_again(step: object) -> object:
    """Return what of a step is known when its replies are judged: not yet whether the seat is asked again."""
    return (
        [(turn.number, turn.reply, turn.move, turn.rejected) for turn in step.turns] if isinstance(step, TurnBatch) else step
    )


def test_what_several_seats_were_told_alike_is_shared() -> None:
    first = next(step for step in dialogue_of(KEY, events()[1:]).steps if isinstance(step, TurnBatch))
    assert [heard.text for heard in first.shared] == ["Welcome."]


def test_values_read_as_text() -> None:
    assert readable({"a": 1, "b": [1, 2]}) == '{"a":1,"b":[1,2]}'
    assert readable({"a": None, "b": True}) == "a: none, b: yes" and readable(["x", 2]) == "x, 2" and readable(EVIL) == EVIL


def test_a_reply_of_a_megabyte_is_kept_whole() -> None:
    long = "x" * 1_000_000
    (turn,) = dialogue_of(KEY, [Asked(1, "a", "Well?"), Replied(1, "a", long, long)]).turns
    assert turn.reply and (turn.reply.text, turn.reply.reasoning) == (long, long) and not turn.is_settled
