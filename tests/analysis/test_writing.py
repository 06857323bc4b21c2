"""The analyses as files: every digit in CSV, and no text of others active in LaTeX, HTML or a terminal."""

from __future__ import annotations

import csv
import json
import re
from datetime import date
from io import StringIO
from pathlib import Path

import polars as pl
import pytest

from clemsim.analysis.results import Analysis, Figure, ResultTable
from clemsim.analysis.writing.files import write
from clemsim.analysis.writing.page import page
from clemsim.analysis.writing.pictures import write_picture
from clemsim.analysis.writing.tables import cell_text, csv_of, latex_of
from clemsim.errors import StoreError, UsageError

EVIL = "</script><script>alert(1)</script>"
SPECIFICATION = {
    "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
    "data": {"values": [{"name": EVIL, "value": 1}]},
    "mark": "bar",
    "encoding": {"x": {"field": "value", "type": "quantitative"}, "y": {"field": "name", "type": "nominal"}},
}
FRAME = pl.DataFrame(
    {"model": ["a_b & 50 %", None], "score": [1 / 3, None], "p": [0.0001, 0.5], "day": [date(2024, 5, 1), None]}
)
TABLE = ResultTable("numbers", "Some numbers", FRAME)
ANALYSIS = Analysis(
    f"Title {EVIL}", [f"Sentence {EVIL}"], [TABLE], [Figure("fig", "A figure", SPECIFICATION)], [EVIL]
).with_key("a")


def test_cells() -> None:
    assert [cell_text(value) for value in (None, float("nan"), 0.5, 1234.5, 1e-5, True, 3)] == [
        *("–", "–", "0.50", "1,234", "1e-05", "yes", "3")
    ]
    by_column = [cell_text(0.0001, "p_holm"), cell_text(0.0312, "p"), cell_text(7.0, "parameters")]
    assert by_column == ["< 0.001", "0.031", "7.00"]


def test_csv_has_every_digit() -> None:
    assert csv_of(TABLE).splitlines() == ["model,score,p,day", f"a_b & 50 %,{1 / 3},0.0001,2024-05-01", ",,0.5,"]


def test_latex_escapes_text() -> None:
    text = latex_of(TABLE)
    assert r"a\_b \& 50 \% & 0.33 & < 0.001 & 2024-05-01 \\" in text and r"\begin{tabular}{lrrl}" in text
    assert r"\textbackslash{}input\{x\}" in latex_of(ResultTable("t", "t\n\\input", pl.DataFrame({"c": ["\\input{x}"]})))


def test_a_page_is_self_contained_and_text_in_it_is_inert() -> None:
    text = page(f"Report {EVIL}", [ANALYSIS], [EVIL], (), ["runs/a b", "runs/<i>"])
    assert "<code>clemsim view &#39;runs/a b&#39; &#39;runs/&lt;i&gt;&#39;</code>" in text
    assert "alert(1)</script>" not in text.replace("alert(1)&lt;/script&gt;", "")
    assert text.lower().count("</script") == 3  # of the figure's data, of the program and of the page
    assert (
        "default-src &#39;none&#39;" in text
        and "unsafe" not in text[: text.index("<style")]
        and not re.search(r'(src|href)="https?:', text)
    )
    data = re.search(r'id="spec-a_fig">(.*?)</script>', text)
    assert data and json.loads(data[1]) == SPECIFICATION


def test_an_analysis_without_much_to_say_is_one_line_of_the_page() -> None:
    nothing = Analysis("Access: one and another", [f"No two {EVIL}."]).with_key("g")
    text = page("Report", [ANALYSIS, nothing], [])
    assert '<h2 id="a">' in text and 'id="g"' in text and '<h2 id="g">' not in text
    assert "<b>Access</b>: No two &lt;/script&gt;" in text and "alert(1)</script>" not in text
    table = Analysis("Bases", ["None has two."], [TABLE], left_out=["a model"]).with_key("c")
    folded = page("Report", [table], [])
    assert '<details class="line" id="c"><summary>' in folded and "a_b &amp; 50 %" in folded and "a model" in folded


def test_a_figure_says_what_it_shows_to_those_who_do_not_see_it() -> None:
    described = Figure("fig", "A caption", {**SPECIFICATION, "description": 'Scores of "x"'})
    text = page("Report", [Analysis("T", ["A.", "B."], figures=[described])], [])
    assert 'role="img" aria-label="Scores of &#34;x&#34;"' in text and "A caption</figcaption>" in text


def test_pictures_come_from_one_specification(tmp_path: Path) -> None:
    paths = write_picture(ANALYSIS.figures[0], tmp_path, ["svg", "png", "pdf"])
    svg, png, pdf = (path.read_bytes() for path in paths)
    assert svg.startswith(b"<svg") and b"<script" not in svg
    assert png.startswith(b"\x89PNG") and pdf.startswith(b"%PDF")
    with pytest.raises(UsageError, match="cannot be written as 'gif': choose some of svg, png, pdf"):
        write_picture(ANALYSIS.figures[0], tmp_path, ["gif"])


def test_a_folder_with_everything(tmp_path: Path) -> None:
    steps: list[str] = []
    write([ANALYSIS], ["a model"], "Report", tmp_path / "out", ["svg"], steps.append)
    assert sorted(path.name for path in (tmp_path / "out").rglob("*.*")) == [
        *("a_fig.svg", "analysis.json", "notes.csv", "numbers.csv", "numbers.tex", "report.html")
    ]
    numbers = json.loads((tmp_path / "out" / "analysis.json").read_text())
    assert numbers["analyses"]["a"]["tables"]["numbers"][0]["score"] == 1 / 3 and numbers["left_out"] == ["a model"]
    assert steps[0] == "drawing a_fig"
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        write([], [], "Report", tmp_path / "file", ["svg"])


def test_no_text_is_a_formula() -> None:
    texts = ["=cmd|calc!A0", "+1 a", "-", "@x", "\ty", "-0.5", "a=b", None]
    frame = pl.DataFrame({"=model": texts, "score": [-1.0] * len(texts)})
    rows = list(csv.reader(StringIO(csv_of(ResultTable("t", "T", frame)))))
    assert [row[0] for row in rows] == ["'=model", "'=cmd|calc!A0", "'+1 a", "'-", "'@x", "'\ty", "-0.5", "a=b", ""]
    assert {row[1] for row in rows[1:]} == {"-1.0"}
