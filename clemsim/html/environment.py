"""The templates of all pages. Text from outside is made safe and escaped wherever a template prints it."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from clemsim._util.text import safe
from clemsim.html import numbers
from clemsim.html.map_figure import map_figure

ASSETS = ("style.css", "viewer.js", "report.js", "report_table.js")


@cache
def environment() -> Environment:
    """Return the templates with their filters. A name that a page does not hand over is an error, never an empty text."""
    made = Environment(
        loader=PackageLoader("clemsim.html"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(numbers.FILTERS)
    made.filters["map_figure"] = map_figure
    made.filters["breakable"] = breakable
    return made


def render(template: str, **context: object) -> str:
    """Return a page made of the template of this name."""
    return environment().get_template(template).render(**context)


@lru_cache
def asset(name: str) -> str:
    """Return the text of a style sheet or script. Raises KeyError for a name that is not in ASSETS."""
    if name not in ASSETS:
        raise KeyError(name)
    return files("clemsim.html").joinpath("assets", name).read_text(encoding="utf-8")


@lru_cache
def version_of(name: str) -> str:
    """Return what changes with the content of an asset, for its address."""
    return sha256(asset(name).encode()).hexdigest()[:12]


def breakable(name: str) -> Markup:
    """Return a name for a page, which may be broken behind its slashes and underlines."""
    return Markup("<wbr>").join(escape(safe(part)) for part in re.split(r"(?<=[/_:])", name))


def _printed(value: object) -> object:
    """Return what a template prints for a value: text without characters that could reorder or hide other text."""
    return safe(value) if isinstance(value, str) and not isinstance(value, Markup) else value
