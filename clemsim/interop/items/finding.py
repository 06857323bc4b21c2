"""Finds the results of other tools in files and folders, and what reads each of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from clemsim.errors import UsageError
from clemsim.interop.items.every_eval_ever import SAMPLES, read_eee
from clemsim.interop.items.inspect_samples import read_inspect
from clemsim.interop.items.item import ItemResult, NoSuchMetricError, Reader
from clemsim.interop.items.lines import json_file, json_lines
from clemsim.interop.items.lm_eval import newest, read_lm_eval
from clemsim.interop.items.tables import SUFFIXES, read_table
from clemsim.interop.items.tau2 import SIMULATIONS, read_tau2

KNOWN = (
    "Inspect logs (.eval), samples of lm-evaluation-harness (samples_*.jsonl), every-eval-ever (*_samples.jsonl),"
    " tau2 (.json), or a table with model, item, score (.csv, .tsv, .jsonl, .parquet)"
)
PATTERNS = ("*.eval", "samples_*.jsonl", f"*{SAMPLES}")  # files in a folder that are results of other tools by name


def read_items(path: Path, metric: str | None = None) -> tuple[list[ItemResult], list[str]]:
    """Return the results in a file, or in all files of a folder that are results, and notes on what was left out of them.
    Raises UsageError.
    """
    found, notes = _chosen(path)
    results: list[ItemResult] = []
    files: dict[tuple[str, str], list[str]] = {}  # by model and task
    missing: list[NoSuchMetricError] = []
    for file, read in found:
        try:
            own = list(_read(file, read, metric))
        except NoSuchMetricError as error:
            missing.append(error)
            continue
        results += own
        for key in dict.fromkeys((result.model, result.task) for result in own):
            files.setdefault(key, []).append(file.name)
    if missing and not results:
        raise missing[0]
    notes += [f"{error}; it is left out" for error in missing]
    notes += [
        f"scores of {model} in {task} are in {len(names)} files of {path.name}: they count as repetitions"
        for (model, task), names in files.items()
        if len(names) > 1
    ]
    return results, notes


def _read(file: Path, read: Reader, metric: str | None) -> Iterator[ItemResult]:
    try:
        yield from read(file, metric)
    except KeyError as error:
        raise UsageError(f"{file} cannot be read: it has no {error} where there must be one") from error
    except (TypeError, AttributeError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {type(error).__name__}: {error}") from error


def _chosen(path: Path) -> tuple[list[tuple[Path, Reader]], list[str]]:
    """Return the files of results with what reads them; of samples of lm-evaluation-harness in a folder, the newest."""
    if not path.is_dir():
        reader = reader_of(path)
        if reader is None:
            raise UsageError(f"{path} holds no results: clemsim reads {KNOWN}")
        return [(path, reader)], []
    found = {file: reader for file in _files(path) if (reader := reader_of(file))}
    if not found:
        raise UsageError(f"{path} holds no results: clemsim reads {KNOWN}")
    kept, older = newest([file for file, reader in found.items() if reader is read_lm_eval])
    left = f"{len(older)} older files of samples in {path.name} are left out: name files to have them, too"
    chosen = [(file, reader) for file, reader in found.items() if reader is not read_lm_eval or file in kept]
    return chosen, [left] if older else []


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, but for the single simulations of tau2, which one of results stands for."""
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not (file.parent.name == SIMULATIONS and file.suffix == ".json"):
            yield file


def reader_of(path: Path) -> Reader | None:
    """Return what reads a file, told by its name and its first lines; None: nothing does."""
    if path.suffix == ".eval":
        return read_inspect
    if path.suffix in SUFFIXES:
        return read_table
    if path.suffix == ".jsonl":
        first = next(json_lines(path), ("", {}))[1]
        if "doc_id" in first:
            return read_lm_eval
        return read_eee if {"evaluation_id", "sample_id"} <= set(first) else read_table if "item" in first else None
    if path.suffix == ".json":
        return _reader_of_object(path)
    return None


def _reader_of_object(path: Path) -> Reader | None:
    try:
        data = json_file(path)
    except UsageError:
        return None
    if SIMULATIONS in data or "simulation_index" in data:
        return read_tau2
    return read_inspect if {"eval", "samples"} <= set(data) else None
