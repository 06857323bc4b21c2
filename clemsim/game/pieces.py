"""The pieces that a game draws itself with: pure data, which a terminal and a page each show in their own way.

    def render(self, transcript, /):
        return [Grid.of(["abc", "def"], title="The board"), Paragraph("It is red's turn.")]

A piece holds texts and tones, never markup; whoever shows it makes the texts safe. A tone is never told by colour alone:
each has a mark, and a legend says what it means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

from clemsim.errors import ArenaError
from clemsim.game.game_contract import code_of
from clemsim.game.transcript import Transcript

if TYPE_CHECKING:
    from clemsim.game.game import Game

Tone = Literal["neutral", "good", "near", "bad", "highlight", "faint"]
TONES: tuple[Tone, ...] = get_args(Tone)
# What stands beside a text of each tone where colour cannot be seen.
TONE_MARKS: Mapping[Tone, str] = {"neutral": "", "good": "✓", "near": "~", "bad": "✗", "highlight": "*", "faint": "·"}
MOST_PIECES = 2000  # of one drawing
MOST_TEXT = 500  # characters of a cell or a value
MOST_CELLS = 10_000  # of one grid or table, and nodes and edges of one map

Legend = Mapping[Tone, str]  # what each tone means, in a few words


@dataclass(frozen=True, slots=True)
class Toned:
    """A text with a tone: a cell of a grid or a table, or a value. It is cut to MOST_TEXT characters: what a model said may
    be long, and stands in the dialogue.
    """

    text: str
    tone: Tone = "neutral"

    def __post_init__(self) -> None:
        if isinstance(self.text, str) and len(self.text) > MOST_TEXT:
            object.__setattr__(self, "text", f"{self.text[: MOST_TEXT - 1]}…")

    @property
    def mark(self) -> str:
        """What stands beside the text for its tone; empty where there is no text, or nothing to say of it."""
        return TONE_MARKS[self.tone] if self.text and self.tone != "faint" else ""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """A piece of a drawing. `title` stands above it. `after`: the turn after which the game stood so, by which a page can
    put it beside the dialogue; 0: before the first turn; None: it is about the whole episode.
    """

    kind: ClassVar[str] = ""
    title: str = ""
    after: int | None = None

    @property
    def explained(self) -> tuple[tuple[Tone, str, str], ...]:
        """The legend: of each tone its mark and what it means."""
        legend: Legend = getattr(self, "legend", {})
        return tuple((tone, TONE_MARKS[tone], meaning) for tone, meaning in legend.items())


@dataclass(frozen=True)
class Paragraph(Piece):
    """A text with a tone; line breaks are kept."""

    kind: ClassVar[str] = "paragraph"
    text: str
    tone: Tone = "neutral"

    @property
    def toned(self) -> Toned:
        """The text with its tone."""
        return Toned(self.text, self.tone)


@dataclass(frozen=True)
class FactList(Piece):
    """Names and values, such as the target of a game."""

    kind: ClassVar[str] = "facts"
    facts: tuple[tuple[str, Toned], ...]

    @classmethod
    def of(cls, facts: Mapping[str, str | Toned], *, title: str = "", after: int | None = None) -> FactList:
        """Return the facts of a mapping; a plain text is neutral."""
        return cls(tuple((name, _mark(value)) for name, value in facts.items()), title=title, after=after)


@dataclass(frozen=True)
class Grid(Piece):
    """Rows of cells of one size, such as a board. Rows may differ in length. Labels stand beside the rows and above the
    columns; none where there are none.
    """

    kind: ClassVar[str] = "grid"
    rows: tuple[tuple[Toned, ...], ...]
    row_labels: tuple[str, ...] = ()
    column_labels: tuple[str, ...] = ()
    legend: Legend = field(default_factory=dict, hash=False)

    @classmethod
    def of(
        cls,
        rows: Iterable[Iterable[str | Toned]],
        tone: Mapping[str, Tone] | Callable[[str], Tone] | None = None,
        *,
        row_labels: Iterable[str] = (),
        column_labels: Iterable[str] = (),
        legend: Legend | None = None,
        title: str = "",
        after: int | None = None,
    ) -> Grid:
        """Return a grid of texts, each with the tone that a mapping gives it, or a function; others are neutral, and toned
        texts stay as they are. A row may be a text: each character is a cell.
        """
        of = tone if callable(tone) else _lookup(tone or {})
        made = tuple(tuple(cell if isinstance(cell, Toned) else Toned(cell, of(cell)) for cell in row) for row in rows)
        labels = tuple(row_labels), tuple(column_labels)
        return cls(made, *labels, legend or {}, title=title, after=after)


@dataclass(frozen=True)
class CellTable(Piece):
    """A table: columns with a name each, and rows of texts."""

    kind: ClassVar[str] = "table"
    columns: tuple[str, ...]
    rows: tuple[tuple[Toned, ...], ...]
    legend: Legend = field(default_factory=dict, hash=False)

    @classmethod
    def of(
        cls,
        columns: Iterable[str],
        rows: Iterable[Iterable[str | Toned]],
        *,
        legend: Legend | None = None,
        title: str = "",
        after: int | None = None,
    ) -> CellTable:
        """Return a table of texts."""
        made = tuple(tuple(_mark(cell) for cell in row) for row in rows)
        return cls(tuple(columns), made, legend or {}, title=title, after=after)


@dataclass(frozen=True, slots=True)
class MapNode:
    """A place on a map, at `x` (to the right) and `y` (downwards), in any unit. `note` stands below its label."""

    name: str
    x: float
    y: float
    label: str = ""
    tone: Tone = "neutral"
    note: str = ""

    @property
    def shown(self) -> str:
        """Its label, or its name where it has none."""
        return self.label or self.name

    @property
    def mark(self) -> str:
        """What stands beside its label for its tone."""
        return TONE_MARKS[self.tone]


@dataclass(frozen=True, slots=True)
class MapEdge:
    """A way between two places, by their names; with an arrow where it is `directed`."""

    begin: str
    end: str
    tone: Tone = "neutral"
    label: str = ""
    directed: bool = False


@dataclass(frozen=True)
class MapDrawing(Piece):
    """Places and the ways between them. `path`: places that were visited, in order."""

    kind: ClassVar[str] = "map"
    nodes: tuple[MapNode, ...]
    edges: tuple[MapEdge, ...] = ()
    path: tuple[str, ...] = ()
    legend: Legend = field(default_factory=dict, hash=False)


def latest_of_each(pieces: Iterable[Piece]) -> list[Piece]:
    """Return the pieces without those states that a later one replaces: of pieces of one kind and title that have a turn,
    the last stays, at the place of the first. Those without a title all stay.
    """
    latest: dict[object, Piece] = {}
    for number, piece in enumerate(pieces):
        key = number if piece.after is None or not piece.title else (type(piece), piece.title)
        latest[key] = piece
    return list(latest.values())


def _mark(value: str | Toned) -> Toned:
    return value if isinstance(value, Toned) else Toned(value)


def _lookup(tones: Mapping[str, Tone]) -> Callable[[str], Tone]:
    return lambda text: tones.get(text, "neutral")


def pieces_of(game: Game[Any], transcript: Transcript[Any]) -> Sequence[Piece]:
    """Return how a game draws an episode, also one that has not ended. Raises ArenaError where `render` fails, or returns
    something else than pieces.
    """
    code = code_of(game.render)
    try:
        pieces: object = game.render(transcript)
        pieces = tuple(pieces) if isinstance(pieces, Iterable) else pieces
    except ArenaError:
        raise
    except Exception as error:
        text = f"render of {game.name} raised {type(error).__name__}: {str(error)[:300]}"
        raise ArenaError(text).in_code(code).at(transcript.key.label) from error
    if wrong := _wrong(pieces):
        raise ArenaError(f"render of {game.name} {wrong}").in_code(code).at(transcript.key.label)
    return pieces  # type: ignore[return-value]


def _wrong(pieces: object) -> str:
    """Return what is wrong with what `render` returned; empty: nothing."""
    if not isinstance(pieces, tuple):
        return f"returns a list of pieces, not {type(pieces).__name__}"
    if len(pieces) > MOST_PIECES:
        return f"returns {len(pieces)} pieces: draw {MOST_PIECES} at most"
    return next((wrong for piece in pieces if (wrong := _wrong_piece(piece))), "")


def _wrong_piece(piece: object) -> str:
    kind = type(piece).__name__
    if not isinstance(piece, Paragraph | FactList | Grid | CellTable | MapDrawing):
        return f"returns {kind}, which is no piece: choose one of Paragraph, FactList, Grid, CellTable, MapDrawing"
    title: object = piece.title
    after: object = piece.after
    if not isinstance(title, str) or not isinstance(after, int | None):
        return f"makes a {kind} whose title is no text, or whose turn is no number: {title!r}, {after!r}"
    marks: list[Toned]
    match piece:
        case Paragraph(text=text, tone=tone):
            marks = [Toned(text, tone)]
        case FactList(facts=facts):
            marks = [mark for name, value in facts for mark in (Toned(name), value)]
        case Grid(rows=rows) | CellTable(rows=rows):
            marks = [mark for row in rows for mark in row]
            labels = (*piece.row_labels, *piece.column_labels) if isinstance(piece, Grid) else piece.columns
            marks += [Toned(label) for label in labels]
        case MapDrawing():
            return _wrong_map(piece)
    return _wrong_marks(marks, kind) or _wrong_legend(getattr(piece, "legend", {}), kind)


def _wrong_map(drawing: MapDrawing) -> str:
    names = {node.name for node in drawing.nodes}
    for node in drawing.nodes:
        if not all(isinstance(place, int | float) and isfinite(place) for place in (node.x, node.y)):
            return f"puts the place {node.name!r} of a map at {node.x!r}, {node.y!r}: x and y are finite numbers"
    ends = [end for edge in drawing.edges for end in (edge.begin, edge.end)]
    if strange := next((name for name in (*ends, *drawing.path) if name not in names), None):
        return f"draws a way to {strange!r}, which is no place of its map"
    marks = [Toned(text, node.tone) for node in drawing.nodes for text in (node.name, node.label, node.note)]
    marks += [Toned(edge.label, edge.tone) for edge in drawing.edges]
    return _wrong_marks(marks, "MapDrawing") or _wrong_legend(drawing.legend, "MapDrawing")


def _wrong_marks(marks: Sequence[object], kind: str) -> str:
    if len(marks) > MOST_CELLS:
        return f"makes a {kind} of {len(marks)} texts: {MOST_CELLS} at most"
    for mark in marks:
        if not isinstance(mark, Toned) or not isinstance(mark.text, str):
            return f"makes a {kind} of texts (str) and Toned texts, not {mark!r}"
        if mark.tone not in TONES:
            return f"makes a {kind} with the tone {mark.tone!r}: choose one of {', '.join(TONES)}"
    return ""


def _wrong_legend(legend: object, kind: str) -> str:
    right = isinstance(legend, Mapping) and all(tone in TONES and isinstance(text, str) for tone, text in legend.items())
    return "" if right else f"makes a {kind} whose legend gives no text to each tone: {legend!r}"
