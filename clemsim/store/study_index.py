"""The runs that a study lists in its `index.toml`, whether it was played or imported."""

from __future__ import annotations

from pathlib import Path

from clemsim._util.files import read_toml
from clemsim.errors import UsageError
from clemsim.store.folder import STORE

INDEX = "index.toml"


def is_indexed(folder: Path) -> bool:
    """Return whether a folder holds a study."""
    return (folder / INDEX).is_file()


def indexed_runs(folder: Path) -> dict[str, Path]:
    """Return the runs of a study by model, or by their folder where several runs go by one name; runs that were not begun
    are left out. Raises UsageError where the index cannot be read.
    """
    rows = read_toml(folder / INDEX).get("member")
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("run"), str) for row in rows):
        raise UsageError(f"{folder / INDEX} lists no runs: it needs a [[member]] with run and model")
    begun = [row for row in rows if (folder / row["run"] / STORE).is_file()]
    models = [row.get("model") for row in begun]
    runs = {}
    for row in begun:
        model = row.get("model")
        runs[model if model and models.count(model) == 1 else row["run"]] = folder / row["run"]
    return runs


def run_of(folder: Path, model: str | None, option: str) -> Path:
    """Return `folder` where it is a run; of a study, the run of `model`. Raises UsageError that names `option`."""
    if not is_indexed(folder):
        return folder
    runs = indexed_runs(folder)
    if model not in runs:
        problem = f"has no model {model!r}" if model else "is a study of several models"
        raise UsageError(f"{folder} {problem}: choose with {option} one of {', '.join(runs)}")
    return runs[model]
