"""Files for programs keep their fields, values and order: those that a fixed input gave before results had types."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from copy import deepcopy
from io import StringIO
from pathlib import Path
from typing import Any

import orjson
import pytest

from clemsim.errors import UsageError
from clemsim.stress.report.compare import compare_reports
from clemsim.stress.report.csv_tables import stages_csv, timeline_csv
from clemsim.stress.report.stress_report import StressReport, read_report, report_schema
from tests.stress.report.fixed_input import fixed_reports

GOLDEN = Path(__file__).parent / "golden"
NAMES = ("sweep", "rates", "check")


@pytest.fixture(scope="module")
def reports() -> dict[str, StressReport]:
    """The reports of the fixed input."""
    return fixed_reports()


def leaves(value: Any, where: str = "") -> Iterator[tuple[str, str, Any]]:
    """Yield every value of a JSON document with its place and its type, in order."""
    if isinstance(value, dict):
        yield where, "object", None
        for name, field in value.items():
            yield from leaves(field, f"{where}.{name}")
    elif isinstance(value, list):
        yield where, "array", None
        for index, item in enumerate(value):
            yield from leaves(item, f"{where}[{index}]")
    else:
        yield where, type(value).__name__, value


NEW = {
    *("slo_undetermined", "token_goodput", "in_flight", "finish_reasons", "input_length", "output_length"),
    *("tokens_per_second_per_user", "tokens_per_second_per_gpu"),
}  # fields that came later; `in_flight` only in the knee


def without_new(report: Any) -> Any:
    """Return a report without the fields that came after the golden ones."""
    for stage in report["stages"]:
        for name in NEW - {"in_flight"}:
            stage.pop(name, None)
    if report["knee"]:
        report["knee"].pop("in_flight", None)
    return report


def assert_same(made: Any, golden: Any) -> None:
    """Assert that two JSON documents have the same fields in the same order, with the same types and values.

    Sums of floats differ in the last digits between versions of Python, so floats are equal to nine digits.
    """
    made_leaves, golden_leaves = list(leaves(made)), list(leaves(golden))
    assert [leaf[:2] for leaf in made_leaves] == [leaf[:2] for leaf in golden_leaves]
    for (where, kind, value), (_, _, expected) in zip(made_leaves, golden_leaves, strict=True):
        assert value == (pytest.approx(expected, rel=1e-9) if kind == "float" else expected), where


def cells(text: str) -> list[list[Any]]:
    """Return the cells of a CSV file; those with a decimal point as floats."""
    return [[float(cell) if _is_float(cell) else cell for cell in row] for row in csv.reader(StringIO(text))]


def _is_float(cell: str) -> bool:
    return "." in cell and cell.replace(".", "").replace("e-", "").isdecimal()


def golden(name: str) -> Any:
    """Return a golden JSON document."""
    return orjson.loads((GOLDEN / f"{name}.json").read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_a_report_has_the_fields_values_and_order_that_users_read(name: str, reports: dict[str, StressReport]) -> None:
    assert_same(without_new(orjson.loads(reports[name].to_json())), golden(name))
    assert reports[name].json_data() == orjson.loads(reports[name].to_json())


@pytest.mark.parametrize("name", ["sweep", "rates"])
def test_tables_have_the_columns_and_values_that_users_read(name: str, reports: dict[str, StressReport]) -> None:
    assert_same(cells(stages_csv(reports[name].stages)), cells((GOLDEN / f"{name}.stages.csv").read_text()))
    assert_same(cells(timeline_csv(reports[name].timeline)), cells((GOLDEN / f"{name}.timeline.csv").read_text()))


def test_a_comparison_has_the_fields_values_and_order_that_users_read(reports: dict[str, StressReport]) -> None:
    data: Any = deepcopy(golden("sweep"))
    for index, stage in enumerate(data["stages"]):
        stage["output_tokens_per_second"] *= 2
        stage["turns_per_second"] *= 1.5
        stage["rates"] = [2.1 * rate + 0.3 * part for part, rate in enumerate(stage["rates"])]
        stage["latency"]["ttft"]["p99"] *= 0.7 + 0.01 * index
    data["plan"]["seed"] = 5
    del data["stages"][0]
    comparison = compare_reports(reports["sweep"], StressReport.model_validate(data))
    made = orjson.loads(orjson.dumps(comparison.json_data()))
    for stage in made["stages"]:
        for figure in stage["figures"].values():
            figure.pop("interval", None)  # came later
    assert_same(made, golden("compare"))


@pytest.mark.parametrize("name", NAMES)
def test_a_report_is_read_back_as_it_was(name: str, reports: dict[str, StressReport], tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(reports[name].to_json())
    assert read_report(path) == reports[name]
    assert read_report(path).to_json() == reports[name].to_json()
    old = read_report(GOLDEN / f"{name}.json")
    assert old.json_data() == golden(name)


def test_results_are_frozen(reports: dict[str, StressReport]) -> None:
    with pytest.raises(ValueError, match="frozen"):
        reports["sweep"].requests = 1  # type: ignore[misc]
    with pytest.raises(ValueError, match="frozen"):
        reports["sweep"].stages[0].latency.ttft.p50 = 1.0  # type: ignore[misc]


def test_a_file_that_is_no_whole_report_gets_one_line(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    damaged = golden("sweep")
    damaged["stages"][2]["latency"]["ttft"]["p99"] = "fast"
    without = {name: value for name, value in golden("sweep").items() if name != "plan"}
    for content, reason in (
        (b"{", "not JSON"),
        (b"{}", "give a report.json"),
        (b"[1]", "give a report.json"),
        (orjson.dumps({**golden("sweep"), "clemsim_stress": 99}), "give a report.json"),
        (orjson.dumps(damaged), r"damaged report .*: stages\.2\.latency\.ttft\.p99: "),
        (orjson.dumps(without), "damaged report .*: plan: "),
    ):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=reason) as raised:
            read_report(path)
        assert "\n" not in str(raised.value)
    with pytest.raises(UsageError, match="cannot be read"):
        read_report(tmp_path / "none.json")


def test_the_published_schema_is_that_of_the_reports(reports: dict[str, StressReport]) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    published = orjson.loads((Path(__file__).parents[3] / "docs" / "stress-report.schema.json").read_bytes())
    assert published == report_schema(), "write it anew: clemsim stress --schema > docs/stress-report.schema.json"
    for name in NAMES:
        jsonschema.validate(golden(name), published)
        jsonschema.validate(orjson.loads(reports[name].to_json()), published)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(golden("sweep") | {"stages": [{"label": 3}]}, published)
