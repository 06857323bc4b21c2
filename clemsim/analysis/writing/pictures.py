"""Renders specifications as pictures with vl-convert, which needs no browser and no network."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import vl_convert

from clemsim._util.files import write_bytes
from clemsim.analysis.results import Figure
from clemsim.errors import UsageError

KINDS = ("svg", "png", "pdf")
DENSITY = 144  # pixels an inch of a PNG; charts are laid out for 72


def write_picture(figure: Figure, folder: Path, kinds: Sequence[str]) -> list[Path]:
    """Write the figure in each kind, all from one SVG, and return the paths. Raises UsageError for an unknown kind."""
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise UsageError(f"a figure cannot be written as {unknown[0]!r}: choose some of {', '.join(KINDS)}")
    svg = vl_convert.vegalite_to_svg(dict(figure.specification), allowed_base_urls=[])
    contents = {
        "svg": lambda: svg.encode(),
        "png": lambda: vl_convert.svg_to_png(svg, ppi=DENSITY),
        "pdf": lambda: vl_convert.svg_to_pdf(svg),
    }
    written = []
    for kind in kinds:
        path = folder / f"{figure.name}.{kind}"
        write_bytes(path, contents[kind]())
        written.append(path)
    return written
