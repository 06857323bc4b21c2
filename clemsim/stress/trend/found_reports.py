"""The reports of stress tests in a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from clemsim._util.files import reading_file
from clemsim.errors import UsageError
from clemsim.stress.report.stress_report import StressReport, read_report

NAME = "report.json"
MARK = b'"clemsim_stress"'
HEAD = 256  # bytes of a file within which a report names itself


@dataclass(frozen=True, slots=True)
class FoundReport:
    """A report with its file, and when its load began."""

    path: Path
    begun: datetime
    report: StressReport


@dataclass(frozen=True, slots=True)
class FoundReports:
    """The reports of a folder by the time of their load, why each other one was not read, and those that made no load."""

    reports: Sequence[FoundReport]
    unreadable: Sequence[str]
    without_load: Sequence[Path]


def find_reports(folder: Path) -> FoundReports:
    """Read every `report.json` below `folder`, and every other JSON file that begins as one. Raises UsageError where
    `folder` is none, or cannot be read.
    """
    with reading_file(folder):
        if not folder.is_dir():
            raise UsageError(f"{folder} is no folder: name one with reports of stress tests")
    reports, unreadable, without_load = list[FoundReport](), list[str](), list[Path]()
    for path in _candidates(folder):
        try:
            report = read_report(path)
            begun = _moment(report.begun, path) if report.begun else None
        except UsageError as error:
            unreadable.append(str(error))
            continue
        if begun is None or not report.stages:
            without_load.append(path)
        else:
            reports.append(FoundReport(path, begun, report))
    return FoundReports(sorted(reports, key=lambda found: (found.begun, found.path)), unreadable, without_load)


def _candidates(folder: Path) -> Iterator[Path]:
    """Yield the files that are reports by name or by their beginning, in order, without what is hidden."""
    for path in sorted(folder.rglob("*.json")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if not hidden and path.is_file() and (path.name == NAME or _begins_as_one(path)):
            yield path


def _begins_as_one(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return MARK in file.read(HEAD)
    except OSError:
        return False


def _moment(text: str, path: Path) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{path} is a damaged report of a stress test: begun: {text} is no time") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
