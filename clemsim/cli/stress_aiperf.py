"""The reports of stress tests in aiperf's form: `clemsim stress --format aiperf` and `clemsim export --format aiperf`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from clemsim._util.files import new_folder, write_files
from clemsim.cli.stress_options import StressOptions
from clemsim.errors import UsageError
from clemsim.stress.measure.records import RecordFile, read_records
from clemsim.stress.report.aiperf import aiperf_files
from clemsim.stress.report.stress_report import StressReport, read_report

NAME, HELP = "aiperf", "the report of a stress test as aiperf 0.13 writes its own"
REPORT = "report.json"


@contextmanager
def recording(options: StressOptions) -> Iterator[tuple[RecordFile | None, Path | None]]:
    """Open the file of records that is wanted, or that aiperf's form needs, and give it with its path. It is whole and
    readable when the file is closed; one that nobody asked for is gone when the block is over.
    """
    if options.records:
        yield RecordFile(options.records), options.records
    elif options.format == NAME and (options.workers or 1) == 1:
        with TemporaryDirectory(prefix="clemsim-") as folder:
            path = Path(folder) / "records.jsonl"
            yield RecordFile(path), path
    else:
        yield None, None


def write_aiperf(report: StressReport, records: Path | None, folder: Path) -> int:
    """Write a report into a folder, which is made, and return the number of its stages."""
    files = aiperf_files(report, read_records(records) if records else None)
    write_files(folder, files, UsageError)
    return len(report.stages)


def export_aiperf(folder: Path, records: Path | None, out: Path | None) -> tuple[int, Path]:
    """Write the report in `folder` (or the file that it is) to the new folder `out`, and return the number of stages, and
    where they are. Raises UsageError.
    """
    file = folder / REPORT if folder.is_dir() else folder
    report = read_report(file)
    if not report.stages:
        raise UsageError(f"{file} made no load: there is nothing that aiperf would write")
    place = out or file.parent.with_name(f"{file.parent.name}-{NAME}")
    with new_folder(place, error=UsageError) as draft:
        count = write_aiperf(report, records, draft.path)
    return count, place
