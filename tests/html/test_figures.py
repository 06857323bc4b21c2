"""Figures and tables: places, shades and colours."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import clemsim.html
from clemsim.html.differences import differences
from clemsim.html.environment import asset, environment
from clemsim.html.forest import Estimate
from clemsim.html.heat import HeatCell
from clemsim.html.palette import SERIES
from clemsim.html.pictures import PAGE_COLOURS, on_page, specification_on_page
from clemsim.html.scatter import ScatterSpot, scatter


def test_points_lie_by_their_values_and_none_hides_another() -> None:
    figure = scatter(
        "score", "size (log)", [ScatterSpot("a", 1, 0), ScatterSpot("b", 10, 50), ScatterSpot("c", 100, 100)], log=True
    )
    a, b, c = figure.marks
    assert a.x < b.x < c.x and b.x - a.x == pytest.approx(c.x - b.x, abs=0.2) and a.y > b.y > c.y
    assert {text for _, text in figure.x_ticks} >= {"1", "10", "100"}
    one, other = scatter("score", "size", [ScatterSpot("the first", 1, 40), ScatterSpot("the second", 1, 40)]).marks
    assert abs(one.x - other.x) > 8 and (one.name_y, one.left) != (other.name_y, other.left)


def test_words_have_places_too_and_the_axis_ends_near_the_data() -> None:
    figure = scatter("score", "thinking", [ScatterSpot("a", "on", 12.0, (8.0, 24.0)), ScatterSpot("b", "off", 3.0)])
    assert [text for _, text in figure.x_ticks] == ["off", "on"] and [text for _, text in figure.y_ticks][-1] == "25"
    assert "a: 12.00 [8.0, 24.0] at thinking on" in figure.about


def test_differences_lie_around_zero_on_one_scale() -> None:
    figure = differences({"x": [Estimate("g", 4.0, (-1.0, 9.0)), Estimate("h", None)], "y": [Estimate("g", 0.0)] * 2})
    (mark,) = figure.panels[0].marks
    middle = (figure.panels[0].left + figure.panels[0].right) / 2
    assert mark.low is not None and mark.low < middle < mark.x
    assert [text for _, text in figure.panels[1].ticks] == [-10, 0, 10]
    assert figure.panels[1].marks[0].x == (figure.panels[1].left + figure.panels[1].right) / 2


def test_a_shade_says_what_the_number_says() -> None:
    assert [HeatCell(value).shade for value in (0.0, 54.0, 100.0, 130.0, None)] == [
        "heat-0",
        "heat-5",
        "heat-10",
        "heat-10",
        "",
    ]


def test_drawings_take_the_colours_of_the_page() -> None:
    drawn = on_page('<svg width="1"><text fill="#000">fill="#000"</text><path stroke="#0072b2" fill="none"/></svg>', 'a "b"')
    assert drawn.startswith('<svg role="img" aria-label="a &#34;b&#34;" width="1">')
    assert 'fill="var(--ink)"' in drawn and 'stroke="var(--seat-1)" fill="none"' in drawn
    given = {
        "mark": {"color": SERIES[1]},
        "data": {"values": [{"name": "white"}]},
        "scale": {"range": [SERIES[0], "#123456"]},
    }
    made = specification_on_page(given)
    assert made["mark"]["color"] == "var(--seat-2)" and made["data"] == given["data"]
    assert made["scale"]["range"] == ["var(--seat-1)", "#123456"]


def test_the_style_sheet_has_every_colour_in_light_and_dark() -> None:
    style = asset("style.css")
    for name in {re.sub(r"var\((.*)\)", r"\1", colour) for colour in PAGE_COLOURS.values()}:
        assert style.count(f"{name}:") == 3, f"{name}: light, dark by choice, dark by the system"
    for number, colour in enumerate(SERIES, 1):
        assert f"--seat-{number}: {colour}" in style


def test_every_template_can_be_read_and_holds_no_style_or_handler() -> None:
    folder = Path(clemsim.html.__file__).parent / "templates"
    for path in folder.glob("*.html"):
        environment().get_template(path.name)
        assert not re.search(r"\son\w+=|\sstyle=|javascript:|\|\s*safe\b", path.read_text()), path.name
