"""`clemsim stress` and `clemsim serve-fake` as commands."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import sleep

import orjson
import pytest

from tests.cli.conftest import Clemsim

COMMAND = [sys.executable, "-c", "from clemsim.cli.main import main; import sys; sys.exit(main())"]
SERVE = [*COMMAND, "serve-fake", "--port", "0", "--ttft", "10ms", "--itl", "1ms", "--seats", "4"]


@pytest.fixture(scope="module")
def spec() -> Iterator[str]:
    """The agent of a `clemsim serve-fake` that runs."""
    server = subprocess.Popen(SERVE, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    said = server.stderr.readline()
    assert said.startswith("serving fake@http://127.0.0.1:")
    yield said.split()[1]
    server.send_signal(signal.SIGINT)
    assert server.wait(10) == 0 and server.stderr.read() == ""
    server.stderr.close()


def test_a_sweep_leaves_a_whole_report(clemsim: Clemsim, spec: str, tmp_path: Path) -> None:
    said = clemsim(
        *("stress", "--agent", spec, "--no-model-text", "--max-tokens", 5, "--sweep", "1:16:4", "--warmup", "100ms"),
        *("--window", "300ms", "--slo", "ttft=1s", "--out", "s", "--json"),
    )
    assert said.code == 0, said.err
    files = {path.name for path in (tmp_path / "s").iterdir()}
    assert files >= {
        "report.json",
        "stages.csv",
        "timeline.csv",
        "report.html",
        "throughput.svg",
        "latency.png",
        "timeline.svg",
    }
    assert said.json == orjson.loads((tmp_path / "s" / "report.json").read_bytes())
    assert [stage["label"] for stage in said.json["stages"]] == ["1", "4", "16"]
    assert "Ctrl-C" in said.err and "tokens/s" in said.err
    again = clemsim("stress", "--compare", tmp_path / "s" / "report.json", tmp_path / "s" / "report.json")
    assert again.code == 0 and "1.000" in again.out


def test_answers_are_checked(clemsim: Clemsim, spec: str) -> None:
    said = clemsim(
        "stress", "--agent", spec, "--check", 8, "--mix", "recall", "--episodes", 10, "--max-tokens", 20, "--out", "c"
    )
    assert said.code == 0, said.err
    assert "No sign that load changed" in said.out and "same text" in said.out and "100%" in said.out


def test_ctrl_c_reports_what_was_measured(spec: str, tmp_path: Path) -> None:
    command = [
        *COMMAND,
        "stress",
        "--agent",
        spec,
        "--concurrency",
        "2",
        "--duration",
        "60s",
        "--warmup",
        "100ms",
        "--out",
        "s",
    ]
    test = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    assert test.stderr is not None
    while "loading" not in test.stderr.readline():
        pass
    sleep(1.5)
    test.send_signal(signal.SIGINT)
    out, err = test.communicate(timeout=30)
    assert test.returncode == 1 and "Traceback" not in err, err
    assert "ended early: it was stopped" in " ".join(out.split())
    assert orjson.loads((tmp_path / "s" / "report.json").read_bytes())["stages"][0]["turns"] > 0


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ([], "say which server"),
        (["--agent", "baseline"], "say which server"),
        (["--agent", "local"], "MODEL@URL"),
        (["--agent", "m@http://8.8.8.8/v1"], "--yes"),
        (["--agent", "m@http://127.0.0.1:9", "--sweep", "5:1"], "--sweep"),
        (["--agent", "m@http://127.0.0.1:9", "--sweep", "1:4", "--rate", "3"], "two load shapes"),
        (["--agent", "m@http://127.0.0.1:9", "--slo", "speed=1"], "--slo"),
        (["--agent", "m@http://127.0.0.1:9", "--no-model-text", "--mix", "taboo"], "--mix talk=1"),
        (["--agent", "m@http://127.0.0.1:9", "--concurrency", "3", "--duration", "9h"], "--max-seconds"),
        (["--agent", "m@http://127.0.0.1:9", "--stage", "5/s:1s", "--stage", "5:1s"], "don't mix"),
        (["--agent", "m@http://127.0.0.1:9"], "no server answers"),
        (["--agent", "m@http://127.0.0.1:9", "--agent", "n@http://127.0.0.1:9"], "one model at a time"),
        (["--agent", "m@http://127.0.0.1:9", "--replay", "nowhere"], "no run"),
        (["--compare", "a.json", "b.json"], "cannot be read"),
    ],
)
def test_what_is_wrong_gets_one_line(clemsim: Clemsim, options: list[str], why: str, tmp_path: Path) -> None:
    said = clemsim("stress", *options)
    assert said.code == 2 and said.out == ""
    lines = [line for line in said.err.splitlines() if not line.startswith("loading")]
    assert len(lines) == 1 and why in lines[0]
    assert not (tmp_path / "stress").exists()


def test_wrong_servers_get_one_line_too(clemsim: Clemsim, spec: str) -> None:
    port = spec.rpartition(":")[2].split("/")[0]
    for options, why in (
        (["--fault", "x=1"], "--fault"),
        (["--fault", "busy=2"], "share"),
        (["--port", port], "another --port"),
    ):
        said = clemsim("serve-fake", *options)
        assert said.code == 2 and why in said.err and len(said.err.splitlines()) == 1
