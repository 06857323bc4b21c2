"""The formats that a run can be exported to.

A new format is one function and one line in the registry at the end; the command line takes its choices and help from it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from clemsim._util.drafts import Draft
from clemsim._util.files import check_new, new_file, new_folder
from clemsim.errors import UsageError
from clemsim.interop.clembench.exporting import export_results, export_runs
from clemsim.interop.eee import write_eee
from clemsim.interop.export_writer import ExportWriter
from clemsim.interop.hub import write_hf, write_hf_of_all
from clemsim.interop.inspect_logs import write_inspect
from clemsim.interop.jsonl import write_jsonl, write_jsonl_of_all
from clemsim.interop.otel import write_otel
from clemsim.interop.pairs import write_pairs, write_pairs_of_all
from clemsim.interop.parquet import write_parquet, write_parquet_of_all
from clemsim.interop.trace import BLOCK, Rows, deltas, sessions, sizes, trace_writer, verbatim
from clemsim.interop.training import write_training, write_training_of_all
from clemsim.store.study_index import indexed_runs, is_indexed

LINES = ".jsonl"


class StudyWriter(Protocol):
    """Writes the draft of an export of several runs, and returns the number of units."""

    def __call__(self, folders: Sequence[Path], out: Path, *, trust: bool) -> int:
        """Write. `trust`: load whatever code the runs name. Raises ClemsimError."""
        ...


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format that a run can be exported to."""

    name: str
    write: ExportWriter
    suffix: str  # of the usual path, which begins with the name of the run's folder; `.jsonl` is that of a file
    unit: str  # what `write` counts
    help: str
    write_study: StudyWriter | None = None  # None: a study cannot be exported so
    options: tuple[str, ...] = ()  # keywords that `write` has beside `trust`

    def with_options(self, **given: Any) -> ExportFormat:
        """Return the format with what was given of its options; None: not given. Raises UsageError for one of another."""
        given = {name: value for name, value in given.items() if value is not None}
        for name in given:
            if name not in self.options:
                formats = " or ".join(each.name for each in FORMATS.values() if name in each.options)
                raise UsageError(
                    f"--{name} goes with --format {formats}" if formats else f"no format has an option {name!r}"
                )
        if not given:
            return self
        of_study = partial(self.write_study, **given) if self.write_study else None
        return replace(self, write=partial(self.write, **given), write_study=of_study)

    def export(self, folder: Path, out: Path, *, trust: bool = False) -> int:
        """Write the run or the study in `folder` to `out`, which is new, and return the number of units. Raises
        ClemsimError; `out` is then as it was. `trust`: load whatever code the run names.
        """
        with self._drafting(out) as draft:
            if not is_indexed(folder):
                return self.write(folder, draft.path, trust=trust)
            if self.write_study is None:
                raise UsageError(f"{folder} is a study, of which there is no {self.name}: name one of its runs")
            return self.write_study(list(indexed_runs(folder).values()), draft.path, trust=trust)

    def _drafting(self, out: Path) -> AbstractContextManager[Draft]:
        return new_file(out, UsageError) if self.suffix.endswith(LINES) else new_folder(out, error=UsageError)

    def usual_path(self, folder: Path) -> Path:
        """Return the path beside the run in `folder` that is written unless another is given."""
        return folder.with_name(f"{folder.name}{self.suffix}")


def _trace(name: str, rows: Rows, help_: str, *, blocks: bool = False) -> ExportFormat:
    options = ("block",) if blocks else ()
    return ExportFormat(name, trace_writer(rows), f".{name}.jsonl", "requests", help_, options=options)


FORMATS = {
    format_.name: format_
    for format_ in (
        ExportFormat("clembench", export_results, "-clembench", "episodes", "clembench's results layout", export_runs),
        ExportFormat("jsonl", write_jsonl, ".jsonl", "episodes", "one line an episode", write_jsonl_of_all),
        ExportFormat(
            "training",
            write_training,
            ".training.jsonl",
            "conversations",
            "one line a conversation of a seat, with its reward, for TRL and `datasets`",
            write_training_of_all,
        ),
        ExportFormat(
            "pairs",
            write_pairs,
            ".pairs.jsonl",
            "pairs",
            "better and worse replies to one ask, for preference training (TRL)",
            write_pairs_of_all,
        ),
        ExportFormat(
            "parquet",
            write_parquet,
            "-parquet",
            "episodes",
            "episodes, turns, scores, seats and calls of tools as tables",
            write_parquet_of_all,
        ),
        ExportFormat("eee", write_eee, "-eee", "episodes", "records of every-eval-ever, with a line for each episode"),
        ExportFormat(
            "hf",
            write_hf,
            "-hf",
            "files of results",
            "entries of .eval_results for model repositories of the Hugging Face Hub",
            write_hf_of_all,
            options=("dataset", "source"),
        ),
        ExportFormat("inspect", write_inspect, "-inspect", "episodes", "logs that Inspect's viewer opens"),
        _trace("trace", verbatim, "requests word for word, for load testers (aiperf: mooncake-trace)"),
        _trace("mooncake", sizes, f"sizes of requests and hashes of every {BLOCK} tokens", blocks=True),
        _trace("mooncake-deltas", deltas, "the same by sessions, each row what is new in it", blocks=True),
        ExportFormat("otel", write_otel, ".otel.jsonl", "episodes", "OpenTelemetry spans, an episode a line (OTLP/JSON)"),
        _trace("guidellm", sessions, "requests word for word, for guidellm (kind=otel)"),
    )
}


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export has written: a file or folder, and how many of what is in it (`episodes`, `conversations`)."""

    path: Path
    count: int
    unit: str


def export(
    run: str | os.PathLike[str],
    format_: str,
    out: str | os.PathLike[str] | None = None,
    *,
    trust: bool = False,
    **options: Any,
) -> Exported:
    """Write a finished run, or a study, in another format (`training`, `inspect`, ...), and say what was written.

    `run`: a folder or a `Run`. `out`: a new file or folder, beside the run unless given. `trust`: load whatever code the run
    names. `options` are those of the format: `block` (tokens) of mooncake, `dataset` and `source` of hf. Raises UsageError
    for an unknown format or option, a place that is taken, or a run of which there is nothing to write, and StoreError.
    """
    if format_ not in FORMATS:
        raise UsageError(f"there is no format {format_!r}: choose one of {', '.join(FORMATS)}")
    chosen, folder = FORMATS[format_].with_options(**options), Path(run)
    path = Path(out) if out is not None else chosen.usual_path(folder)
    check_new(path)
    return Exported(path, chosen.export(folder, path, trust=trust), chosen.unit)
