"""Writes the summaries of the recorded runs anew, when estimates change: `python -m tests.results.write_summaries`."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory

from clemsim.results.run_summary import write_summary
from clemsim.store.folder import CONFIG, STORE, SUMMARY

RUNS = Path(__file__).parent / "runs"


def main() -> None:
    """Write them."""
    for source in sorted(RUNS.iterdir()):
        with TemporaryDirectory() as place:
            os.chdir(place)
            folder = Path(source.name)
            folder.mkdir()
            copy(source / CONFIG, folder)
            with closing(sqlite3.connect(folder / STORE)) as base:
                base.executescript((source / "store.sql").read_text(encoding="utf-8"))
            write_summary(folder)
            copy(folder / SUMMARY, source)


if __name__ == "__main__":
    main()
