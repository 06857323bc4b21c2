"""What a seat saw is what its model was sent."""

from __future__ import annotations

from clemsim import Instance
from clemsim.game.events import Replied
from clemsim.results.dialogue.model import DialogueSeat
from clemsim.results.dialogue.read import dialogue_of
from clemsim.results.dialogue.seen import SeenMessage, what_seat_saw
from clemsim.runtime.model_agent import chat
from tests.results.dialogue.talks import KEY, Talks, events


def test_what_a_seat_saw_is_what_its_model_was_sent_at_each_turn() -> None:
    driver, compared = Talks().drive(Instance()), 0
    for event in events():
        if not isinstance(event, Replied):
            continue
        ask = next(pending for pending in driver.pending if pending.turn == event.turn)
        sent = chat(driver.view(ask), native=True)
        seen = [
            message
            for message in what_seat_saw(dialogue_of(KEY, driver.events), ask.seat)
            if message.forgotten_after is None and (not message.aside or message.turn == ask.turn)
        ]
        assert [message.role for message in seen] == [message["role"] for message in sent]
        assert [message.text for message in seen] == [message["content"] for message in sent]
        compared += 1
        driver.replay([event])
    assert compared == 8 and driver.outcome is not None


def test_what_was_forgotten_and_what_was_aside_is_marked() -> None:
    whole = dialogue_of(KEY, events())
    of_b = what_seat_saw(whole, "b")
    forgotten = [message for message in of_b if message.forgotten_after is not None]
    assert forgotten and {message.forgotten_after for message in forgotten} == {7}
    assert forgotten[0].text.startswith("Welcome.") and of_b[-1].text == "It is over."
    assert [message.text for message in what_seat_saw(whole, "a") if message.aside] == [
        *("Aside 1?", "VOTE: aside"),
        *("Aside 2?", "VOTE: again"),
    ]


def test_the_system_text_of_the_agent_comes_first() -> None:
    seats = [DialogueSeat("a", "a", "one", system="Be brief.")]
    first = what_seat_saw(dialogue_of(KEY, events(), seats=seats), "a")[0]
    assert isinstance(first, SeenMessage) and first.role == "system" and first.text == "Be brief.\n\nYou are a."
