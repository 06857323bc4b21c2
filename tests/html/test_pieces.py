"""The drawings of games on a page: every kind of piece, with hostile texts, within what the page's policy allows."""

from __future__ import annotations

from html.parser import HTMLParser

from clemsim import CellTable, FactList, Grid, MapDrawing, MapEdge, MapNode, Paragraph, Piece, Toned
from clemsim.game.pieces import TONE_MARKS, TONES
from clemsim.html.environment import asset, environment
from clemsim.html.map_figure import WIDEST, map_figure

EVIL = "<script>alert(1)</script>\" onload='x' \x1b[2J \u202e {{ 7*7 }} &amp;"
VOID = {"line", "polygon", "rect"}

ALL: list[Piece] = [
    Paragraph(EVIL, "bad", title=EVIL, after=2),
    FactList.of({EVIL: Toned(EVIL, "highlight"), "empty": ""}),
    Grid.of([[EVIL, Toned("a", "good")], ["b"]], row_labels=[EVIL], column_labels=["", EVIL], legend={"good": EVIL}),
    CellTable.of([EVIL, ""], [[EVIL, Toned("2", "near")]], title="Table", after=0),
    MapDrawing(
        (MapNode(EVIL, 0, 0, note=EVIL, tone="good"), MapNode("b", 1, 1, label=EVIL)),
        (MapEdge(EVIL, "b", label=EVIL, directed=True), MapEdge("b", "b")),
        (EVIL, "b"),
    ),
]


class Tags(HTMLParser):
    """The tags of a page with their attributes, and that they are closed in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep a tag."""
        self.found.append((tag, dict(attrs)))
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag: str) -> None:
        """Close the last one."""
        assert tag in VOID or self.open.pop() == tag


def drawn(template: str, **context: object) -> str:
    text = f'{{% import "pieces.html" as draw %}}{template}'
    return environment().from_string(text).render(**context)


def test_hostile_texts_stay_texts_in_every_piece() -> None:
    page = drawn("{{ draw.pieces(all) }}", all=ALL)
    tags = Tags(page)
    assert not tags.open and "alert(1)" in page
    assert {tag for tag, _ in tags.found} <= {
        *("div", "figure", "figcaption", "span", "p", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td"),
        *("svg", "g", "title", "line", "polygon", "rect", "text"),
    }
    names = {name for _, attributes in tags.found for name in attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "href", "src", "id")}
    assert "\x1b" not in page and "\u202e" not in page and "{{ 7*7 }}" in page


def test_every_tone_has_a_mark_and_its_class_in_the_style_sheet() -> None:
    style = asset("style.css")
    page = drawn("{{ draw.piece(one) }}", one=Grid.of([[Toned("x", tone) for tone in TONES]]))
    for tone in TONES:
        assert f'class="tone-{tone}"' in page and (tone == "neutral" or f".tone-{tone}" in style)
        assert tone in ("neutral", "faint") or f'x<span class="tone-mark">{TONE_MARKS[tone]}</span>' in page
    assert len({TONE_MARKS[tone] for tone in TONES}) == len(TONES)


def test_a_page_puts_states_beside_their_turns() -> None:
    page = drawn("{{ draw.pieces_after(all, 0) }}", all=ALL)
    assert page.count("<figure") == 1 and "at the start" in page and "Table" in page
    assert "after turn 2" in drawn("{{ draw.pieces_after(all, 2) }}", all=ALL)


def test_places_of_a_map_lie_apart_and_within_it() -> None:
    nodes = tuple(MapNode(f"room {n}", n % 4, n // 4, note="start" if n == 5 else "") for n in range(12))
    figure = map_figure(MapDrawing(nodes, (MapEdge("room 0", "room 1", directed=True),), ("room 0", "room 1")))
    for place, box in enumerate(figure.boxes):
        assert box.x - box.half_width >= 0 and box.x + box.half_width <= figure.width
        assert box.y - box.half_height >= 0 and box.y + box.half_height <= figure.height
        for other in figure.boxes[place + 1 :]:
            across, down = abs(box.x - other.x), abs(box.y - other.y)
            assert across >= box.half_width + other.half_width or down >= box.half_height + other.half_height
    (way,) = figure.ways
    assert way.walked and way.arrow and way.x2 == figure.boxes[1].x - figure.boxes[1].half_width
    assert figure.path == ["room 0", "room 1"] and "room 5 (start)" in figure.about


def test_a_map_of_one_place_and_one_of_a_million_units_are_drawn() -> None:
    one = map_figure(MapDrawing((MapNode("a", 7, -3),)))
    assert len(one.boxes) == 1 and 0 < one.width < 100
    wide = map_figure(MapDrawing((MapNode("a", 0, 0), MapNode("b", 1, 0), MapNode("c", 1e6, 1e-9))))
    assert wide.width <= WIDEST + 200 and map_figure(MapDrawing(())).boxes == []
