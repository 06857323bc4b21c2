"""A run whose process was killed, stored before there were scores by seat: it is read, resumed, scored, shown, compared and
exported as by the clemsim that began it.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import orjson
import pytest

import clemsim
from clemsim.runs.replay import replay
from clemsim.store import checksums
from clemsim.store.reader import has_seats, reading
from tests.cli.conftest import Clemsim
from tests.cli.conftest import clemsim as clemsim_command  # noqa: F401 (a fixture)
from tests.runs.test_old_store import values

DATA = Path(__file__).parents[1] / "data" / "before-seats"
ROWS = """SELECT id, arena, instance, "cast", version, data, outcome, reason, blame, quality, checksum FROM episodes
WHERE status = 'done'"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a copy beside its game, which it names by a relative path."""
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Path("run")


def finished(run: Path) -> list[Any]:
    with reading(run / "run.db") as base:
        checksums.check(base)
        return base.execute(ROWS).fetchall()


def test_it_is_read_and_shown_before_it_is_resumed(clemsim_command: Clemsim, run: Path) -> None:  # noqa: F811
    with reading(run / "run.db") as base:
        assert not has_seats(base)
    assert len(finished(run)) == 17
    said = clemsim_command("show", run)
    assert said.code == 0 and "hunt/default/8" in said.out and "aborted" in said.out
    assert clemsim.open_run(run).summary.seat_scores is None


def test_resumed_and_scored_anew_its_summary_is_the_one_of_its_time(clemsim_command: Clemsim, run: Path) -> None:  # noqa: F811
    before, expected = finished(run), orjson.loads((DATA / "resumed.json").read_bytes())
    assert clemsim_command("resume", run, "--trust").code == 0
    assert [row for row in finished(run) if row in before] == before and len(finished(run)) == 18
    for command in ("resume", "score"):
        assert clemsim_command(command, run, "--trust").code == 0
        summary = orjson.loads((run / "summary.json").read_bytes())
        del summary["throughput"]
        assert values(summary) == values(expected)
    assert not [episode.problem for episode in replay(run, trust=True) if episode.problem]


def test_it_is_compared_and_exported(clemsim_command: Clemsim, run: Path) -> None:  # noqa: F811
    assert clemsim_command("resume", run, "--trust").code == 0
    said = clemsim_command("compare", run, "--a", "halving", "--b", "random", "--json")
    assert said.code == 0 and said.json["rows"], said.err
    for form in ("clembench", "jsonl", "parquet"):
        assert clemsim_command("export", run, "--trust", "--format", form, "--out", form).code == 0
