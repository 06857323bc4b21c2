"""The analyses as one self-contained page of HTML: interactive pictures, tables, and what was left out.

Names and texts come from tables and stores of others: all are escaped, and the page may open no connection.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

import orjson
import vl_convert

from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.writing.html import list_html, paragraphs_html, table_html

OPEN = 16  # rows; longer tables are folded
POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:"
STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.55 system-ui, sans-serif; color: #24272d; margin: 0 auto; padding: 2rem 1.5rem 6rem; max-width: 1320px; }
h1 { font-size: 1.6rem; margin: 0 0 .3rem; } h2 { font-size: 1.2rem; margin: 3rem 0 .5rem; border-top: 1px solid #dfe2e7;
  padding-top: 1.2rem; } h3 { font-size: .95rem; margin: 1.4rem 0 .3rem; }
p, ul { max-width: 52rem; } .letter { color: #2f6db5; margin-right: .5rem; } nav a { margin-right: 1rem; color: #2f6db5; }
.figure { overflow-x: auto; margin: 1rem 0; } .caption, .left { color: #5b616b; font-size: .88rem; }
.figure svg { max-width: 100%; height: auto; }
.scroll { overflow-x: auto; max-height: 36rem; overflow-y: auto; } table { border-collapse: collapse; font-size: .82rem; }
th, td { padding: .2rem .7rem .2rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #eceef1; }
th { position: sticky; top: 0; background: #fff; font-weight: 600; } td { white-space: nowrap; }
td.long { white-space: normal; min-width: 18rem; } .number { text-align: right; font-variant-numeric: tabular-nums; }
.subset { background: #fdf6e3; border-left: 4px solid #d1662b; padding: .4rem .8rem; }
summary { cursor: pointer; color: #2f6db5; font-size: .9rem; margin: .6rem 0; }
.line { margin: 1.2rem 0 0; border-top: 1px solid #dfe2e7; padding-top: .8rem; }
.line > summary { color: inherit; font-size: 1em; margin: 0; }
.vega-bind { font-size: .9rem; margin: .4rem 0; } details.left summary { color: #5b616b; }
"""
SCRIPT = """
for (const place of document.querySelectorAll("[data-figure]")) {
  const specification = JSON.parse(document.getElementById(place.dataset.figure).textContent);
  vegaEmbed(place, specification, {actions: {export: true, source: false, compiled: false, editor: false}, renderer: "svg"})
    .catch((error) => { place.textContent = "This figure cannot be drawn: " + error; });
}
"""


def page(title: str, analyses: Sequence[Analysis], left_out: Sequence[str], subset: Sequence[str] = ()) -> str:
    """Return the page as HTML. `subset`: what was chosen of models and games, which stands below the title."""
    links = "".join(f'<a href="#{escape(analysis.key)}">{escape(_short(analysis))}</a>' for analysis in analyses)
    bundle = re.sub("<(?=/script|!--)", r"<\\", vl_convert.javascript_bundle(SCRIPT), flags=re.IGNORECASE)
    body = [f"<h1>{escape(title)}</h1>{_subset(subset)}<nav>{links}</nav>", *(_analysis(analysis) for analysis in analyses)]
    body.append(f'<h2 id="left-out">What was left out</h2>{_notes(left_out)}')
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">'
        f"<style>{STYLE}</style></head><body>"
        f'{"".join(body)}<script type="module">{bundle}</script></body></html>\n'
    )


def _subset(subset: Sequence[str]) -> str:
    return f'<p class="subset"><b>Subset</b>: {escape("; ".join(subset))}.</p>' if subset else ""


def _analysis(analysis: Analysis) -> str:
    return _line(analysis) if analysis.brief else _section(analysis)


def _section(analysis: Analysis) -> str:
    parts = [f'<section><h2 id="{escape(analysis.key)}">{_letter(analysis)}{escape(analysis.title)}</h2>']
    parts.append(paragraphs_html(analysis.sentences))
    parts += [_figure(figure) for figure in analysis.figures]
    parts += [_table(table) for table in analysis.tables]
    if analysis.left_out:
        notes = _notes(analysis.left_out)
        parts.append(f'<details class="left"><summary>left out, or to know</summary>{notes}</details>')
    return "".join([*parts, "</section>"])


def _line(analysis: Analysis) -> str:
    """Fold an analysis without much to say into one line; what little it has can be opened."""
    text = f"{_letter(analysis)}<b>{escape(analysis.short_title)}</b>: {escape(' '.join(analysis.sentences))}"
    key = f'class="line" id="{escape(analysis.key)}"'
    inner = "".join(_table(table) for table in analysis.tables)
    inner += list_html(analysis.left_out) if analysis.left_out else ""
    return f"<details {key}><summary>{text}</summary>{inner}</details>" if inner else f"<p {key}>{text}</p>"


def _letter(analysis: Analysis) -> str:
    return f'<span class="letter">{escape(analysis.letter)}</span>' if analysis.letter else ""


def _figure(figure: Figure) -> str:
    data = orjson.dumps(dict(figure.specification)).decode().replace("<", "\\u003c")
    name, about = escape(figure.name), escape(str(figure.specification.get("description") or figure.title))
    return (
        f'<figure class="figure"><div role="img" aria-label="{about}" data-figure="spec-{name}"></div>'
        f'<figcaption class="caption">{escape(figure.title)}</figcaption>'
        f'<script type="application/json" id="spec-{name}">{data}</script></figure>'
    )


def _table(table: ResultTable) -> str:
    title = f"{escape(table.title)} ({len(table.frame)} rows)"
    opened = " open" if len(table.frame) <= OPEN else ""
    content = f'<div class="scroll">{table_html(table.frame)}</div>'
    return f"<details{opened}><summary>{title}</summary>{content}</details>"


def _notes(notes: Sequence[str]) -> str:
    return list_html(notes) if notes else '<p class="left">Nothing.</p>'


def _short(analysis: Analysis) -> str:
    return f"{analysis.letter}: {analysis.short_title}" if analysis.letter else analysis.short_title
