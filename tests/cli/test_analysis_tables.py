"""The tables of `clemsim analyze` in a terminal: readable where it is narrow."""

from __future__ import annotations

import polars as pl
import pytest
from rich.console import Console

from clemsim.analysis.results import Analysis, ResultTable
from clemsim.cli.view.analyses import broken, report, table_of

NAMES = ["meta-llama-3-70b-instruct-gguf-q8", "gpt-4-turbo-2024-04-09", "qwen2.5-coder-1.5b-instruct"]
NUMBERS = ("clemscore", "latency", "tokens_in", "tokens_out", "seconds_a_point", "tokens_a_point")


def text_of(table: ResultTable, width: int = 80, most: int | None = None) -> str:
    """Return a table as it is printed in a terminal of `width` columns."""
    console = Console(width=width)
    with console.capture() as capture:
        console.print(table_of(table, most))
    return capture.get()


def test_a_wide_table_fits_80_columns_and_breaks_names_after_hyphens_alone() -> None:
    frame = pl.DataFrame(
        {"model": NAMES, "reference": NAMES[::-1], **dict.fromkeys(NUMBERS[:4], 1234.5), "verdict": "undecided"}
    )
    text = text_of(ResultTable("t", "T", frame))
    lines = text.splitlines()
    assert all(len(line.rstrip()) <= 80 for line in lines) and text.count("1,234") == 12 and text.count("undecided") == 3
    rule = next(index for index, line in enumerate(lines) if "─" in line)
    body = lines[rule + 1 :]
    pieces = [piece for line in body for piece in line.split() if piece not in ("1,234", "undecided")]
    assert len(pieces) > 6 and all(piece.endswith("-") or any(name.endswith(piece) for name in NAMES) for piece in pieces)


def test_titles_break_at_spaces_so_that_no_column_is_lost_to_its_title() -> None:
    text = text_of(ResultTable("costs", "Costs", pl.DataFrame({"model": NAMES, **dict.fromkeys(NUMBERS, 2.5)})))
    assert all(name in text for name in NAMES) and "not shown" not in text and text.count("2.50") == 18


def test_columns_for_which_there_is_no_room_are_named() -> None:
    frame = pl.DataFrame({"model": NAMES, **{f"number_{index}": [123456.7] * 3 for index in range(9)}})
    text = text_of(ResultTable("costs", "Costs", frame), 50, 2)
    assert "and 1 more rows in costs.csv" in text and "number 8; see" in " ".join(text.split())
    assert all(len(line.rstrip()) <= 50 for line in text.splitlines()) and NAMES[2] not in text


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("meta-llama-3-70b-instruct-hf", 16, ["meta-llama-3-", "70b-instruct-hf"]),
        ("qwen2.5-coder-0.5b", 14, ["qwen2.5-coder-", "0.5b"]),
        ("with training data", 13, ["with training", "data"]),
        ("unbreakable-no-more", 6, ["unbrea", "kable-", "no-", "more"]),
        ("short", 12, ["short"]),
        ("", 12, [""]),
    ],
)
def test_a_name_is_broken_where_it_has_a_joint(text: str, width: int, lines: list[str]) -> None:
    assert broken(text, width) == lines


def test_an_analysis_without_much_to_say_is_one_line() -> None:
    console = Console(width=80)
    with console.capture() as capture:
        for part in report([Analysis("Access: the same weights", ["No \x1b[1m two."]).with_key("g")], []):
            console.print(part)
    assert capture.get().strip() == "g  Access: No \\x1b[1m two."
