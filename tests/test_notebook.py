"""The notebook of the examples, cell by cell."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from types import CoroutineType
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parents[1] / "examples" / "notebook.ipynb"


async def shown(cell: str, names: dict[str, Any]) -> object:
    """Run a cell as a notebook does, and return what its last line shows."""
    tree = ast.parse(cell)
    last = tree.body[-1]
    parts: list[tuple[ast.Module | ast.Expression, str]] = [(ast.Module(tree.body[:-1], []), "exec")]
    parts.append((ast.Expression(last.value), "eval") if isinstance(last, ast.Expr) else (ast.Module([last], []), "exec"))
    result: object = None
    for part, mode in parts:
        code: Any = compile(ast.fix_missing_locations(part), str(NOTEBOOK), mode, ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        result = eval(code, names)
        if isinstance(result, CoroutineType):
            result = await result
    return result


async def test_every_cell_runs_and_shows_what_it_is_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    cells = ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    names: dict[str, Any] = {}
    run, episode, counts, comparison = [await shown(cell, names) for cell in cells]
    assert "clemscore" in run._repr_html_()  # type: ignore[attr-defined]
    html = episode._repr_html_()  # type: ignore[attr-defined]
    assert "taboo/high_en/0" in html and "is asked" in html and "GUESS" in html
    assert ("random", "wordle", "failure") in counts.index  # type: ignore[attr-defined]
    assert "baseline" in comparison._repr_html_()  # type: ignore[attr-defined]
