"""Limits for CI are judged on intervals, and told to other programs."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest

from clemsim.errors import UsageError
from clemsim.stress.report.compare import compare_repeated, compare_reports
from clemsim.stress.report.gates import (
    exit_code,
    judge_comparison,
    judge_report,
    parse_gates,
    parse_ratio_gates,
)
from clemsim.stress.report.stress_report import StressReport
from clemsim.stress.report.summaries import junit, markdown
from tests.stress.report.fixed_input import fixed_reports


@pytest.fixture(scope="module")
def report() -> StressReport:
    return fixed_reports()["sweep"]


def scaled(report: StressReport, factor: float) -> StressReport:
    """Return a report whose throughput is another."""
    stages = [
        stage.model_copy(
            update={
                "rates": tuple(factor * rate for rate in stage.rates),
                "output_tokens_per_second": factor * stage.output_tokens_per_second,
            }
        )
        for stage in report.stages
    ]
    return report.model_copy(update={"stages": tuple(stages)})


def verdicts(report: StressReport, *gates: str) -> list[str]:
    return [judged.verdict for judged in judge_report(parse_gates(gates), report)]


def test_a_limit_fails_only_where_the_whole_interval_does(report: StressReport) -> None:
    assert verdicts(report, "slo@16<95%") == ["passed"] and verdicts(report, "slo@64<95%") == ["failed"]
    stage = next(stage for stage in report.stages if stage.label == "16")
    assert stage.latency.ttft.p50_interval
    low, high = stage.latency.ttft.p50_interval
    middle = f"{500 * (low + high)}ms"
    assert verdicts(report, f"ttft p50@16>{middle}") == ["inconclusive"]
    assert verdicts(report, f"ttft p50@16>{999 * low}ms") == ["failed"]
    assert verdicts(report, f"ttft p50@16>{1001 * high}ms") == ["passed"]
    assert verdicts(report, "knee<2", "knee<1000") == ["passed", "failed"]
    assert verdicts(report, "slo@7<95%") == ["inconclusive"], "no such stage was measured"
    assert len(verdicts(report, "errors>1%")) == len(report.stages)


def test_exit_codes_tell_failed_from_inconclusive(report: StressReport) -> None:
    judged = judge_report(parse_gates(["slo@16<95%", "slo@64<95%", "slo@7<95%"]), report)
    assert [exit_code(judged), exit_code(judged[::2]), exit_code(judged[:1]), exit_code(())] == [3, 4, 0, 0]
    suite = ET.fromstring(junit(judged, "a <b> & c"))
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("3", "1", "1")
    text = markdown(report, judged)
    assert "**failed** slo@64&lt;95%" in text and text.count("\n| ") == len(report.stages) + 2


def test_a_comparison_is_judged_on_its_ratios(report: StressReport) -> None:
    gates = parse_ratio_gates(["tokens/s<0.95"])
    assert exit_code(judge_comparison(gates, compare_reports(report, scaled(report, 0.5)))) == 3
    assert exit_code(judge_comparison(gates, compare_reports(report, scaled(report, 2.0)))) == 0
    slower = [scaled(report, factor) for factor in (0.50, 0.51, 0.49)]
    same = [scaled(report, factor) for factor in (1.0, 1.01, 0.99)]
    comparison = compare_repeated(same, slower)
    ratio = comparison.stages[0].figures["output tokens/s"]
    assert (
        ratio.ratio == pytest.approx(0.5, rel=0.01) and ratio.interval and ratio.interval[0] < 0.5 < ratio.interval[1] < 0.55
    )
    assert exit_code(judge_comparison(gates, comparison)) == 3
    assert exit_code(judge_comparison(gates, compare_repeated(same[:2], [scaled(report, f) for f in (0.7, 1.2)]))) == 4


@pytest.mark.parametrize("wrong", ["slo", "speed<3", "slo<", "ttft p99>500", "slo<fast"])
def test_limits_that_say_nothing_are_refused(wrong: str) -> None:
    with pytest.raises(UsageError, match="--fail-if"):
        parse_gates([wrong])
    with pytest.raises(UsageError, match="RATIO"):
        parse_ratio_gates(["errors<0.9"])
