"""What benchmarks claim beyond speed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_three_hundred_episodes_against_a_failing_server_end_as_without_faults() -> None:
    ran = subprocess.run(
        [sys.executable, str(BENCHMARKS / "faults.py"), "--episodes", "300"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    found = json.loads(ran.stdout)
    assert found["same_transcripts"] and found["unfinished_on_purpose_only"]
    assert found["unfinished"] == {"bad request": 6}
    assert set(found["outcomes"]) == {"success", "failure", "aborted"}
    assert len(found["faults"]) == 14 and sum(found["faults"].values()) > 300
