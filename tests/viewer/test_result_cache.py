"""What took long is computed once, until what it was computed from changes."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from clemsim.errors import ClemsimError, UsageError
from clemsim.stress.report.stress_report import read_report
from clemsim.viewer.other_process import RUNNING, in_other_process, stop_all
from clemsim.viewer.result_cache import ResultCache


def test_a_result_is_kept_as_long_as_its_stamp() -> None:
    cache, made = ResultCache(3), list[int]()

    def make() -> int:
        made.append(len(made))
        return made[-1]

    assert [cache.of("a", 1, make), cache.of("a", 1, make), cache.of("a", 2, make)] == [0, 0, 1]
    for number in range(3):
        cache.of(number, 0, make)
    assert cache.of("a", 2, make) == made[-1], "the oldest result was given up"


def test_what_is_large_is_done_in_a_process_of_its_own(tmp_path: Path) -> None:
    assert in_other_process(os.getpid) != os.getpid()
    with pytest.raises(UsageError, match=r"none\.json"):
        in_other_process(read_report, tmp_path / "none.json")
    with pytest.raises(ClemsimError, match="the process ended with 3"):
        in_other_process(os._exit, 3)


def test_a_process_that_computes_is_ended_with_the_viewer() -> None:
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(in_other_process, time.sleep, 600)
        while not RUNNING:
            time.sleep(0.01)
        stop_all()
        with pytest.raises(ClemsimError, match="the process ended with -15"):
            waiting.result(timeout=60)
    assert not RUNNING
