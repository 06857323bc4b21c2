"""Curves over time: nobody plays in a break, which takes no room."""

from __future__ import annotations

from clemsim.html.curves import LEFT, MOST, WIDTH, Curve, curves


def test_a_break_is_left_out_and_said() -> None:
    points = [(0.0, 1.0), (10.0, 2.0), (7210.0, 3.0), (7220.0, 4.0)]
    figure = curves([("Turns", False, [Curve("turns", points)])], longest=60)
    assert figure
    (pause,) = figure.breaks
    assert pause.text == "a break of 2\u202fh 0\u202fmin" and LEFT < pause.at < LEFT + WIDTH
    (line,) = figure.panels[0].lines
    first, second = line.strokes
    assert first.startswith(f"{LEFT}.0,") and second.split(" ")[-1].startswith(f"{LEFT + WIDTH}.0,")
    assert "turns from 1 to 4" in figure.about


def test_many_points_are_thinned_and_the_greatest_stay() -> None:
    points = [(float(place), 1000.0 if place == 5001 else 1.0) for place in range(10_000)]
    figure = curves([("Turns", False, [Curve("turns", points)])], longest=60)
    assert figure
    (stroke,) = figure.panels[0].lines[0].strokes
    assert stroke.count(" ") <= 2 * MOST and f",{figure.panels[0].top}" in stroke


def test_without_two_moments_there_is_no_figure() -> None:
    assert curves([("Turns", False, [Curve("turns", [(1.0, 1.0)])]), ("Nothing", True, [])], longest=60) is None
