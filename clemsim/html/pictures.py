"""Drawings of Vega in the colours of the page: light and dark, safe for every kind of colour vision.

Drawings are made for white paper. Where one stands in a page, the colours that all drawings share become those of the style
sheet, which has them for light and for dark.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from clemsim.html.palette import GREYS, SERIES

PAGE_COLOURS = {colour: f"var(--seat-{number})" for number, colour in enumerate(SERIES, 1)} | {
    **dict.fromkeys(GREYS["ink"], "var(--ink)"),
    **dict.fromkeys(GREYS["soft"], "var(--soft)"),
    **dict.fromkeys(GREYS["line"], "var(--line)"),
    "white": "var(--paper)",
    "#ffffff": "var(--paper)",
    "#fff": "var(--paper)",
}
PAINT = re.compile(r'(?<= )(fill|stroke)="([^"]*)"')
HEAD = re.compile(r"<svg ")


def on_page(svg: str, about: str = "") -> Markup:
    """Return a drawing of ours for a page. `about`: what it shows, for those who cannot see it. The text of a drawing was
    escaped when it was drawn; no drawing of others is ever put into a page.
    """
    painted = PAINT.sub(lambda found: f'{found[1]}="{PAGE_COLOURS.get(found[2], found[2])}"', svg)
    label = Markup('role="img" aria-label="{}" ').format(about) if about else ""
    return Markup(HEAD.sub(lambda found: f"{found[0]}{label}", painted, count=1))


def specification_on_page(specification: Mapping[str, Any]) -> dict[str, Any]:
    """Return a specification of Vega-Lite whose fixed colours are those of the page."""
    return {name: _painted(value) for name, value in specification.items()}


def _painted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: own if name == "values" else _painted(own) for name, own in value.items()}
    if isinstance(value, list):
        return [_painted(own) for own in value]
    return PAGE_COLOURS.get(value, value) if isinstance(value, str) else value
