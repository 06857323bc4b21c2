"""What took long is computed once, until what it was computed from changes."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clemsim.errors import ClemsimError, UsageError
from clemsim.stress.report.stress_report import read_report
from clemsim.viewer.aside import RUNNING, aside, stop_all
from clemsim.viewer.kept import Kept


def test_a_result_is_kept_as_long_as_its_stamp() -> None:
    kept, made = Kept(3), list[int]()

    def make() -> int:
        made.append(len(made))
        return made[-1]

    assert [kept.of("a", 1, make), kept.of("a", 1, make), kept.of("a", 2, make)] == [0, 0, 1]
    for number in range(3):
        kept.of(number, 0, make)
    assert kept.of("a", 2, make) == made[-1], "the oldest result was given up"


def test_what_is_large_is_done_in_a_process_of_its_own(tmp_path: Path) -> None:
    assert aside(os.getpid) != os.getpid()
    with pytest.raises(UsageError, match=r"none\.json"):
        aside(read_report, tmp_path / "none.json")
    with pytest.raises(ClemsimError, match="the process ended with 3"):
        aside(os._exit, 3)


def test_a_process_that_computes_is_ended_with_the_viewer() -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(aside, time.sleep, 600)
        while not RUNNING:
            time.sleep(0.01)
        stop_all()
        with pytest.raises(ClemsimError, match="the process ended with -15"):
            waiting.result(timeout=60)
    assert not RUNNING
