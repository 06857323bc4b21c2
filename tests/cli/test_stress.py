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
from tests.stress.report.fixed_input import fixed_reports
from tests.stress.trend.many_reports import at_day, write

COMMAND = [sys.executable, "-c", "from clemsim.cli.main import main; import sys; sys.exit(main())"]
SERVE = [*COMMAND, "serve-fake", "--port", "0", "--ttft", "10ms", "--itl", "1ms", "--seats", "4"]


@pytest.fixture(scope="module")
def spec() -> Iterator[str]:
    """The agent of a `clemsim serve-fake` that runs."""
    server = subprocess.Popen(SERVE, stderr=subprocess.PIPE, text=True)
    assert server.stderr is not None
    line = server.stderr.readline()
    assert line.startswith("serving fake@http://127.0.0.1:")
    yield line.split()[1]
    server.send_signal(signal.SIGINT)
    assert server.wait(10) == 0 and server.stderr.read().count("\n") == 1
    server.stderr.close()


def test_a_sweep_leaves_a_whole_report(clemsim: Clemsim, spec: str, tmp_path: Path) -> None:
    result = clemsim(
        *("stress", "--agent", spec, "--no-model-text", "--max-tokens", 5, "--sweep", "1:16:4", "--warmup", "100ms"),
        *("--window", "300ms", "--slo", "ttft=1s", "--out", "s", "--json", "--format", "aiperf"),
    )
    assert result.code == 0, result.err
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
    assert result.json == orjson.loads((tmp_path / "s" / "report.json").read_bytes())
    assert [stage["label"] for stage in result.json["stages"]] == ["1", "4", "16"]
    assert "Ctrl-C" in result.err and "tokens/s" in result.err
    report = tmp_path / "s" / "report.json"
    requests = tmp_path / "s" / "aiperf" / "16" / "profile_export.jsonl"
    assert len(requests.read_bytes().splitlines()) == result.json["stages"][2]["turns"]
    exported = clemsim("export", "s", "--format", "aiperf")
    assert exported.code == 0 and "3 stages in s-aiperf" in exported.out
    assert {path.name for path in (tmp_path / "s-aiperf" / "4").iterdir()} == {
        "profile_export_aiperf.json",
        "profile_export_aiperf.csv",
    }
    assert "--records goes with" in clemsim("export", "s", "--format", "jsonl", "--records", requests).err
    assert "holds no records" in clemsim("export", "s", "--format", "aiperf", "--out", "x", "--records", requests).err
    comparison = clemsim("stress", "--compare", report, report)
    assert comparison.code == 0 and "1.000" in comparison.out
    ratios = clemsim("stress", "--compare", report, report, "--json").json["overall"]
    assert ratios["output tokens/s"]["ratio"] == 1
    passed = clemsim("stress", "--compare", report, f"{report},{report}", "--fail-if", "tokens/s<0.5", "--junit", "j.xml")
    assert passed.code == 4 and "inconclusive" in passed.out and 'errors="3"' in (tmp_path / "j.xml").read_text()
    assert clemsim("stress", "--compare", report, report, "--fail-if", "tokens/s<0.01", "--markdown", "m.md").code == 0
    assert "**passed**" in (tmp_path / "m.md").read_text()
    again = clemsim("stress", "--agent", spec, "--out", "s")
    assert again.code == 2 and "s already exists: choose another --out" in again.err


def test_options_make_the_plan(clemsim: Clemsim, spec: str) -> None:
    result = clemsim(
        *("stress", "--agent", spec, "--stage", "20/s:300ms", "--stage", "20/s..40/s:300ms", "--arrivals", "constant"),
        *("--think", "exp:10ms", "--mix", "talk=2,recall", "--option", "talk.turns=2", "--seed", 3, "--timeout", "20s"),
        *("--temperature", 0.5, "--max-tokens", 4, "--warmup", "50ms", "--out", "s", "--json"),
    )
    assert result.code == 0, result.err
    assert result.json["plan"] == {
        "agents": [spec],
        "urls": [spec.partition("@")[2]],
        "sweep": [],
        "stages": ["20/s:0.3s", "20..40/s:0.3s"],
        "replay": None,
        "arrivals": "constant",
        "think": 0.01,
        "mix": {"talk": 2.0, "recall": 1.0},
        "options": {"talk": {"turns": "2"}},
        "suite": "paper",
        "seed": 3,
        "temperature": 0.5,
        "max_tokens": 4,
        "forced_length": False,
        "slo": {},
        "warmup": 0.05,
        "window": 10.0,
        "timeout": 20.0,
    }


def test_answers_are_checked(clemsim: Clemsim, spec: str) -> None:
    result = clemsim(
        "stress", "--agent", spec, "--check", 8, "--mix", "recall", "--episodes", 10, "--max-tokens", 20, "--out", "c"
    )
    assert result.code == 0, result.err
    assert "It is not shown that load changed" in result.out and "same text" in result.out and "100%" in result.out


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
    ("options", "reason"),
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
        (["--agent", "m@http://127.0.0.1:9", "--stage", "5/s:1s", "--stage", "5:1s"], "cannot be mixed"),
        (["--agent", "m@http://127.0.0.1:9"], "no server answers"),
        (["--agent", "m@http://127.0.0.1:9", "--agent", "n@http://127.0.0.1:9", "--check", "4"], "plays with one model"),
        (["--agent", "m@http://127.0.0.1:9", "--replay", "nowhere"], "no run"),
        (["--compare", "a.json", "b.json"], "cannot be read"),
    ],
)
def test_a_wrong_command_line_gets_one_line(clemsim: Clemsim, options: list[str], reason: str, tmp_path: Path) -> None:
    result = clemsim("stress", *options)
    assert result.code == 2 and result.out == ""
    lines = [line for line in result.err.splitlines() if not line.startswith("loading")]
    assert len(lines) == 1 and reason in lines[0]
    assert not (tmp_path / "stress").exists()


def test_a_wrong_server_gets_one_line(clemsim: Clemsim, spec: str) -> None:
    port = spec.rpartition(":")[2].split("/")[0]
    for options, reason in (
        (["--fault", "x=1"], "--fault"),
        (["--fault", "busy=2"], "share"),
        (["--port", port], "another --port"),
    ):
        result = clemsim("serve-fake", *options)
        assert result.code == 2 and reason in result.err and len(result.err.splitlines()) == 1


def test_an_index_of_reports_is_a_page_that_is_written_anew(clemsim: Clemsim, tmp_path: Path) -> None:
    report = fixed_reports()["rates"]
    write(tmp_path / "stress" / "a" / "report.json", at_day(report, 0))
    (tmp_path / "stress" / "b").mkdir()
    (tmp_path / "stress" / "b" / "report.json").write_text("[]")
    first = clemsim("stress", "--index", "stress")
    assert first.code == 0 and "1 not read: stress/b/report.json" in first.err and "1  fake at http" in first.out
    write(tmp_path / "stress" / "b" / "report.json", at_day(report, 1))
    second = clemsim("stress", "--index", "stress", "--json").json
    assert [len(trend["reports"]) for trend in second["trends"]] == [2] and second["unreadable"] == []
    assert "<svg" in (tmp_path / "stress" / "index.html").read_text()
    (tmp_path / "stress" / "index.html").write_text("mine")
    refused = clemsim("stress", "--index", "stress")
    assert refused.code == 2 and "is no index of stress tests" in refused.err
    assert clemsim("stress", "--index", "stress", "--out", "page").code == 0 and (tmp_path / "page" / "index.html").is_file()
    (tmp_path / "empty").mkdir()
    assert "holds no report of a load" in clemsim("stress", "--index", "empty").err
