"""Small pictures, and a game that shows some, for the framework's own tests."""

from __future__ import annotations

from base64 import b64decode
from struct import pack
from zlib import compress, crc32

from clemsim import Arena, Image, Instance, Outcome, Question, Table, Text, tagged

# The beginnings of a red picture of 30 x 20 pixels, as Pillow writes it, by what it is.
RED = {
    "image/gif": "R0lGODdhHgAUAIEAAJkAAMwAAJkzM8wzMywAAAAAHgAUAEAIjwAHBBBIcKDBgggPKiQIYABBAQchOgwgUaA=",
    "image/jpeg": "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI////////////////////"
    "////////////////////////////////2wBDAVVaWnhpeOuCguv/////////////////////////////////////"
    "////////////////////////////////////wAARCAAUAB4DASIAAhEBAxEB",
    "image/webp": "UklGRkAAAABXRUJQVlA4IDQAAADwAgCdASoeABQAP3Gy0GA0rimlqAgCkC4JZQAA",
    "image/webp, lossless": "UklGRh4AAABXRUJQVlA4TBEAAAAvHcAEAAdQjyLXo/+BiOh/AAA=",
    "image/webp, extended": "UklGRmQAAABXRUJQVlA4WAoAAAAQAAAAHQAAEwAAQUxQSAoAAAABB1CyiAhE",
}


def red(name: str) -> bytes:
    """The bytes of a picture of RED."""
    return b64decode(RED[name])


def png(width: int = 30, height: int = 20, grey: int = 0) -> bytes:
    """A grey picture."""
    rows = (b"\0" + bytes([grey]) * width) * height
    parts = ((b"IHDR", pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", compress(rows)), (b"IEND", b""))
    chunks = (pack(">I", len(part)) + kind + part + pack(">I", crc32(kind + part)) for kind, part in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def shade(grey: int, alt: str = "grey") -> Image:
    """A grey picture as a part."""
    return Image.data(png(grey=grey), "image/png", alt=alt)


class Shades(Arena[Instance]):
    """Shows the first seat two pictures, and the second the same and a third one."""

    name, version = "shades", 1
    seats = ("a", "b")

    async def play(self, table: Table, instance: Instance, /) -> Outcome:
        """A tell, asks at once, one of them aside, and an ask."""
        table.tell("a", (shade(1), Text("That was one.")))
        questions = [
            Question("a", (Text("And this?"), shade(2, "<b>")), tagged("SAY:")),
            Question("b", (shade(1), shade(3), Text("Which?")), tagged("SAY:"), keep=False),
        ]
        await table.ask_all(questions)
        await table.ask("b", "Done?", parse=tagged("SAY:"))
        return Outcome.success(100)

    def instances(self) -> list[Instance]:
        """Two, which look alike."""
        return [Instance(id=number) for number in range(2)]
