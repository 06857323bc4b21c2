"""A run as Parquet tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clemsim._util.extras import library
from clemsim._util.files import writing_file
from clemsim.errors import UsageError
from clemsim.results.frames import QUERIES
from clemsim.runs.api import open_run


def write_parquet(folder: Path, out: Path, *, trust: bool = False) -> int:
    """Write a folder with a file for each table, such as `episodes.parquet`, and return the number of episodes. There is one
    of `images` where pictures were shown.

    Raises UsageError without pyarrow.
    """
    run = open_run(folder)
    tables = {name: run.arrow(name) for name in QUERIES}
    if not tables["images"].num_rows:
        del tables["images"]
    with writing_file(out, UsageError):
        out.mkdir(parents=True, exist_ok=True)
        for name, table in tables.items():
            library("pyarrow.parquet", "frames").write_table(table, out / f"{name}.parquet")
    return int(tables["episodes"].num_rows)


def write_parquet_of_all(folders: Sequence[Path], out: Path, *, trust: bool = False) -> int:
    """Write a folder of tables for each run, by the name of the run's folder, and return the number of episodes."""
    return sum(write_parquet(folder, out / folder.name) for folder in folders)
