"""A game with pictures: each of two players sees one of coloured shapes. They talk, and say whether the two are the same.

clemsim run --arena examples/cookbook/lookalikes.py:Lookalikes --agent examples/cookbook/lookalikes.py:Sighted
"""

from collections.abc import Mapping, Sequence
from functools import cache
from struct import pack
from zlib import adler32, crc32, decompress

from clemsim import (
    Agent,
    AgentOptions,
    Arena,
    Image,
    Instance,
    Message,
    Outcome,
    Question,
    Table,
    Text,
    Transcript,
    View,
    tagged,
)
from clemsim.formats import line, literal, one_of

COLOURS = {"red": (200, 30, 30), "green": (20, 140, 60), "blue": (30, 60, 200), "yellow": (240, 200, 20)}
SHAPES = ("square", "disc", "triangle")
CELL, COLUMNS = 32, 3  # pixels a side of a cell; cells a row
RULES = """You see a picture of coloured shapes; the other player sees one too. Find out whether both are the same.
First, describe yours in one line. Reply: SAY: <description>"""
SAY = tagged("SAY:", literal("SAY: ") + line())
ANSWER = tagged("ANSWER:", literal("ANSWER: ") + one_of("same", "different"))


class Pair(Instance):
    """What each player sees: shapes such as `red disc`, row by row, three a row."""

    left: tuple[str, ...]
    right: tuple[str, ...]


class Lookalikes(Arena[Pair]):
    """Both players win where both are right."""

    name, version = "lookalikes", 1
    seats = ("left", "right")
    shown = ("Right Answers",)

    async def play(self, table: Table, pair: Pair, /) -> Outcome:
        """A description each, then an answer each at once."""
        seen = {"left": picture(pair.left), "right": picture(pair.right)}
        said = await table.ask_all([Question(seat, (seen[seat], Text(RULES)), SAY) for seat in self.seats])
        for seat, other in zip(self.seats, reversed(said), strict=True):
            table.tell(seat, f"The other player says: {other}")
        ask = "Are both pictures the same? Reply: ANSWER: same, or ANSWER: different"
        answers = await table.ask_all([Question(seat, ask, ANSWER) for seat in self.seats])
        truth = "same" if pair.left == pair.right else "different"
        right = sum(answer == truth for answer in answers)
        table.note("right", right)
        return Outcome.success(100) if right == 2 else Outcome.failure(f"the pictures were {truth}")

    def metrics(self, transcript: Transcript[Pair], /) -> Mapping[str, float | None]:
        """How many of the two answers were right."""
        return {"Right Answers": next((float(right) for right in transcript.notes("right")), None)}

    def instances(self) -> list[Pair]:
        """Twelve pairs, every other one the same; of the rest, the second has one shape of another colour."""
        pairs, colours = [], tuple(COLOURS)
        for number in range(12):
            left = [f"{colours[(number + 3 * n) % 4]} {SHAPES[(number // 2 + n * n) % 3]}" for n in range(2 * COLUMNS)]
            right, place = [*left], number % len(left)
            if number % 2:
                colour, _, shape = left[place].partition(" ")
                right[place] = f"{colours[(colours.index(colour) + 1) % 4]} {shape}"
            pairs.append(Pair(experiment="pairs", id=number, left=tuple(left), right=tuple(right)))
        return pairs


class Sighted(Agent):
    """Sees the picture itself, pixel by pixel, and compares what both have said."""

    def __init__(self, arg: str = "", options: AgentOptions | None = None) -> None:
        self.name = "sighted"

    async def reply(self, view: View) -> Message:
        """Describe the picture, or compare."""
        own = ", ".join(shapes_in(view[0].images[0].raw))
        if len(view) == 1:
            return Message(view.seat, f"SAY: {own}")
        same = any(message.content.endswith(f"says: {own}") for message in view)
        return Message(view.seat, f"ANSWER: {'same' if same else 'different'}")


@cache
def picture(shapes: tuple[str, ...]) -> Image:
    """Draw shapes. The bytes are the same on every machine, as replays must be: they are packed without compression."""
    width, height = COLUMNS * CELL, len(shapes) // COLUMNS * CELL
    pixels = [[_colour(shapes, x, y) for x in range(width)] for y in range(height)]
    palette = bytes([255, 255, 255, *(part for colour in COLOURS.values() for part in colour)])
    raw = b"".join(b"\0" + bytes(row) for row in pixels)  # each row without a filter
    blocks = [raw[at : at + 0xFFFF] for at in range(0, len(raw), 0xFFFF)]
    stored = [pack("<BHH", block is blocks[-1], len(block), len(block) ^ 0xFFFF) + block for block in blocks]
    data = b"\x78\x01" + b"".join(stored) + pack(">I", adler32(raw))
    head = pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)  # eight bits a pixel, of a palette
    chunks = ((b"IHDR", head), (b"PLTE", palette), (b"IDAT", data), (b"IEND", b""))
    packed = (pack(">I", len(part)) + kind + part + pack(">I", crc32(kind + part)) for kind, part in chunks)
    return Image.data(b"\x89PNG\r\n\x1a\n" + b"".join(packed), "image/png", alt="coloured shapes")


def _colour(shapes: Sequence[str], x: int, y: int) -> int:
    """Return the number of a pixel's colour; 0: none."""
    colour, _, shape = shapes[y // CELL * COLUMNS + x // CELL].partition(" ")
    dx, dy = 2 * (x % CELL) + 1 - CELL, 2 * (y % CELL) + 1 - CELL  # from the middle, in half pixels
    width = (dy + 24) // 2 if shape == "triangle" else 24
    inside = dx * dx + dy * dy <= 24 * 24 if shape == "disc" else abs(dx) <= width and abs(dy) <= 24
    return 1 + list(COLOURS).index(colour) if inside else 0


def shapes_in(png: bytes) -> list[str]:
    """Return the shapes in a picture of this game."""
    at, width = png.index(b"IDAT"), COLUMNS * CELL
    pixels = decompress(png[at + 4 : at + 4 + int.from_bytes(png[at - 4 : at])])
    found = []
    for top in range(0, len(pixels) // (width + 1), CELL):
        for left in range(0, width, CELL):
            middle, upper, lower = (pixels[(top + y) * (width + 1) + 1 + left + x] for x, y in ((16, 16), (5, 5), (5, 26)))
            found.append(f"{list(COLOURS)[middle - 1]} {'square' if upper else 'triangle' if lower else 'disc'}")
    return found
