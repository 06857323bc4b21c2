"""A content is a text or parts; a picture is known by its bytes, which no event holds."""

from __future__ import annotations

import pickle
from copy import deepcopy
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clemsim import Image, Instance, Message, Text, matching
from clemsim.errors import ArenaError, ReplayMismatch, StoreError
from clemsim.game.content import MOST_ALT, MOST_BYTES, MOST_IMAGES
from clemsim.game.driver import EpisodeDriver
from clemsim.game.events import Asked, Event, Told, decode, encode, type_name
from clemsim.game.image_headers import read_header
from clemsim.game.table import Table
from clemsim.testing import check_arena, drive, render
from tests.game.test_table import game
from tests.pictures import RED, Shades, png, red, shade

LINE = f"[image: grey, 30x20 png, sha256 {sha256(png(grey=1)).hexdigest()[:16]}]"


@pytest.mark.parametrize("name", RED)
def test_a_picture_is_known_by_its_first_bytes(name: str, tmp_path: Path) -> None:
    media_type = name.partition(",")[0]
    image = Image.data(red(name), media_type, alt="red")
    assert (image.media_type, image.width, image.height, image.size) == (media_type, 30, 20, len(red(name)))
    assert image.digest == sha256(red(name)).hexdigest() and image.raw == red(name)
    (tmp_path / "picture.txt").write_bytes(red(name))
    assert Image.file(tmp_path / "picture.txt", alt="red") == image
    with pytest.raises(ArenaError, match="by its first bytes, not image/png"):
        Image.data(red(name), "image/png")


@given(st.sampled_from([png(), *map(red, RED)]), st.integers(0, 60), st.binary(max_size=12))
def test_a_header_that_breaks_off_or_goes_wrong_is_none_or_another(raw: bytes, at: int, wrong: bytes) -> None:
    for header in (read_header(raw[:at]), read_header(raw[:at] + wrong + raw[at + len(wrong) :]), read_header(wrong)):
        assert header is None or header.width > 0 < header.height


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Image.data(b"<svg/>", "image/svg+xml"), "pictures are image/png, image/jpeg, .*, not 'image/svg"),
        (lambda: Image.data(b"<svg/>", "image/png"), "none of image/png"),
        (lambda: Image.data(b"", "image/png"), "none of image/png"),
        (lambda: Image.data("cat.png", "image/png"), "for a path, Image.file"),  # type: ignore[arg-type]
        (lambda: Image.data(png() + bytes(MOST_BYTES), "image/png"), "is larger than 5,000,000 bytes: make it smaller"),
        (lambda: Image.data(png(8001), "image/png"), "8001 x 20 pixels, more than 8000 a side"),
        (lambda: Image.data(png(), "image/png", alt="x" * (MOST_ALT + 1)), "alt is a text of at most 300"),
        (lambda: Image.file("missing.png"), "missing.png cannot be read: No such file"),
        (lambda: Image.file("/"), "/ cannot be read: it is no file"),
    ],
)
def test_what_is_no_picture_says_what_to_do(make: Any, text: str) -> None:
    with pytest.raises(ArenaError, match=text):
        make()


def test_copies_keep_the_bytes() -> None:
    image = shade(1)
    assert pickle.loads(pickle.dumps(image)).raw == deepcopy(image).raw == image.raw
    assert image.bare() == image and not image.bare().is_whole
    with pytest.raises(ArenaError, match=r"run\.image"):
        _ = image.bare().raw


def test_an_event_of_text_is_stored_as_ever() -> None:
    async def play(table: Table) -> None:
        table.tell("player", (Text("One."), Text("Two.")))
        table.tell("player", "Three.")
        await table.ask("player", "Four?")

    events = drive(game(play), Instance(), ["x"]).events
    assert [type(event) for event in events[:3]] == [Told, Told, Asked]
    assert encode(events[0]) == '{"seat":"player","content":"One.\\nTwo.","echo":""}'
    assert encode(events[2]) == '{"turn":1,"seat":"player","content":"Four?","keep":true}'


def test_events_name_pictures_and_hold_none_of_their_bytes() -> None:
    driver = Shades().drive(Instance())
    told, asked = driver.events[0], driver.events[2]
    assert isinstance(told, Told) and told.content == f"{LINE}\nThat was one." and type_name(told) == "told"
    assert isinstance(asked, Asked) and [image.alt for image in asked.images] == ["grey", "grey"]
    for event in driver.events:
        written = encode(event)
        assert written == orjson.dumps(event).decode() and '"raw"' not in written and len(written) < 900
        assert decode(type_name(event), written) == event
    assert set(orjson.loads(encode(told))["parts"][0]) == {"type", "digest", "media_type", "size", "width", "height", "alt"}


@pytest.mark.parametrize(
    "parts",
    [
        *([], "x", [1], [{"type": "image"}], [{"type": "image", "digest": "x", "media_type": "image/svg+xml"}]),
        [{"type": "image", "digest": "x", "media_type": "image/png", "size": "9", "width": 1, "height": 1}],
    ],
)
def test_parts_that_are_none_are_no_event(parts: object) -> None:
    body = orjson.dumps({"turn": 1, "seat": "a", "content": "x", "keep": True, "parts": parts}).decode()
    with pytest.raises(StoreError, match="an event of type 'asked' cannot be read"):
        decode("asked", body)
    with pytest.raises(StoreError, match="cannot be read"):
        decode("noted", body)


def test_a_seat_sees_its_pictures_where_they_were_shown() -> None:
    driver = Shades().drive(Instance())
    a, b = (driver.view(ask) for ask in driver.pending)
    assert [message.images for message in a] == [(shade(1),), (shade(2, "<b>"),)]
    assert a.ask.parts[0] == Text("And this?") and [image.raw for image in b.ask.images] == [png(grey=1), png(grey=3)]
    for turn, seat in ((1, "a"), (2, "b")):
        driver.answer(turn, Message(seat, "SAY: x"))
    assert [message.parts for message in driver.view(driver.pending[0])] == [()], "what was asked aside is forgotten"


def test_a_replay_compares_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    recorded = drive(Shades(), Instance(), ["SAY: x"] * 3).events
    stored: list[Event] = [decode(type_name(event), encode(event)) for event in recorded]
    driver: EpisodeDriver = Shades().drive(Instance())
    driver.replay(stored)
    assert driver.events == list(recorded) == stored and driver.outcome
    monkeypatch.setattr("tests.pictures.png", lambda grey: png(grey=grey + 1))
    with pytest.raises(ReplayMismatch, match=r"turn 1: .*30x20 png, sha256"):
        Shades().drive(Instance()).replay(stored)


def test_a_game_with_pictures_is_checked_and_rendered() -> None:
    assert check_arena(Shades(), Shades().instances(), examples=5) > 0
    assert f"-> a: {LINE}\n" in render(drive(Shades(), Instance(), ["SAY: x"] * 3))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ((), r"is text \(str\) or a tuple of parts, not tuple: \(\); write a text, or a tuple of parts"),
        (("What?", shade(1)), "has a part that is str, not Text or Image"),
        ((b"\x89PNG",), "has a part that is bytes"),
        (shade(1), "not Image: .*; write a text, or a tuple of parts"),
        ((shade(1).bare(),), "has no bytes here"),
        ((shade(1),) * (MOST_IMAGES + 1), "101 pictures: show at most 100 at once"),
    ],
)
def test_what_is_no_content_says_what_to_do(content: Any, text: str) -> None:
    async def play(table: Table) -> None:
        await table.ask("player", content)

    with pytest.raises(ArenaError, match=text):
        drive(game(play), Instance(), [])


def test_a_reask_may_show_a_picture() -> None:
    async def play(table: Table) -> None:
        await table.ask(
            "player",
            "Say yes.",
            parse=matching("yes", "yes"),
            reask=lambda problem, tries: (shade(tries), Text("Look again.")),
        )

    events = drive(game(play), Instance(), ["no", "yes"]).events
    assert [event.images for event in events if isinstance(event, Asked)] == [(), (shade(1),)]


def test_the_picture_of_a_game_is_read_once(tmp_path: Path) -> None:
    arena = Shades(tmp_path)
    (tmp_path / "resources").mkdir()
    digest = arena.digest
    (tmp_path / "resources" / "red.gif").write_bytes(red("image/gif"))
    assert arena.digest != digest, "a changed picture is another game"
    assert arena.image("red.gif", alt="red").media_type == "image/gif"
    assert arena.image("red.gif", alt="red") is arena.image("red.gif", alt="red")
    with pytest.raises(ArenaError, match=r"no file 'resources/blue\.gif'"):
        arena.image("blue.gif")
