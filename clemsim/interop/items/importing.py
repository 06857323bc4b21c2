"""Writes results of other tools as a run, so that everything that compares and analyses runs takes them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from clemsim.errors import UsageError
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.outcomes import Outcome
from clemsim.interop.items.item import ItemResult, Reader
from clemsim.interop.items.readers import (
    json_lines,
    json_object,
    read_eee,
    read_inspect,
    read_lm_eval,
    read_table,
    read_tau2,
)
from clemsim.results.run_summary import write_summary
from clemsim.store.description import ArenaDescription, Origin, RecordedConfig, RunDescription, SuiteDescription
from clemsim.store.folder import STORE, making, write_description
from clemsim.store.schema import INSTANCES
from clemsim.store.study_index import is_indexed
from clemsim.store.writer import RunStore

SUITE = "items"
NOT_SCORED = "not scored"
WHOLE = 100.0
KNOWN = (
    "Inspect logs (.eval), samples of lm-evaluation-harness (samples_*.jsonl), every-eval-ever (*_samples.jsonl),"
    " tau2 (.json), or a table with model, item, score (.csv, .tsv, .jsonl)"
)
PATTERNS = ("*.eval", "samples_*.jsonl", "*_samples.jsonl")  # files in a folder that are results of other tools by name


class RecordedItem(Instance):
    """An item as a run keeps it: its name, and what tells it from others of that name."""

    item: str
    digest: str


@dataclass(frozen=True, slots=True)
class ImportedItems:
    """What was imported: the run, and how many scores of each model and task."""

    run: Path
    scores: Counter[tuple[str, str]]
    not_scored: int


def is_run(path: Path) -> bool:
    """Return whether a path is a run or a study of clemsim."""
    return (path / STORE).is_file() or is_indexed(path)


def holds_items(path: Path) -> bool:
    """Return whether a path is results of another tool by its name, or is a folder with some."""
    if is_run(path):
        return False
    if path.is_dir():
        return any(next(path.rglob(pattern), None) for pattern in PATTERNS)
    return path.is_file() and path.suffix in (".eval", ".jsonl")


@contextmanager
def as_run(path: Path, metric: str | None = None) -> Iterator[Path]:
    """Yield a run or a study as it is, and results of another tool as a run that lasts as long as the block.

    Raises UsageError where they cannot be read, or there is no such file.
    """
    if path.suffix and not path.exists():
        raise UsageError(f"there is no {path}: name a run, a study, or a file of results")
    if is_run(path) or not path.exists() or (path.is_dir() and not holds_items(path)):
        yield path  # a run that is not there is told by whoever opens it
        return
    with TemporaryDirectory(prefix="clemsim-") as place:
        run = Path(place) / path.stem
        import_items([path], run, metric)
        yield run


def import_items(paths: Sequence[Path], out: Path, metric: str | None = None) -> ImportedItems:
    """Import the results in files and folders into the new run `out`. `metric`: which one, where there are several.

    Raises UsageError.
    """
    results = [result for path in paths for result in read_items(path, metric)]
    if not results:
        raise UsageError(f"{', '.join(map(str, paths))}: no scores in it; clemsim reads {KNOWN}")
    with making(out) as draft:
        with RunStore(draft.path / STORE) as store:
            digests = _write(store, results)
            store.meta(INSTANCES, digests)
        write_description(draft.path, _description(paths, results))
    write_summary(out)
    scored = Counter((result.model, result.task) for result in results if result.score is not None)
    return ImportedItems(out, scored, sum(result.score is None for result in results))


def read_items(path: Path, metric: str | None = None) -> Iterator[ItemResult]:
    """Yield the results in a file, or in all files of a folder that are results. Raises UsageError."""
    if path.is_dir():
        found = [(file, reader) for file in sorted(path.rglob("*")) if file.is_file() and (reader := _reader(file))]
        if not found:
            raise UsageError(f"{path} holds no results: clemsim reads {KNOWN}")
    else:
        reader = _reader(path)
        if reader is None:
            raise UsageError(f"{path} holds no results: clemsim reads {KNOWN}")
        found = [(path, reader)]
    for file, read in found:
        try:
            yield from read(file, metric)
        except (KeyError, TypeError, AttributeError) as error:
            raise UsageError(f"{file} cannot be read: {type(error).__name__}: {error}") from error


def _reader(path: Path) -> Reader | None:
    """Return what reads a file, told by its name and its first lines; None: nothing does."""
    if path.suffix == ".eval":
        return read_inspect
    if path.suffix in (".csv", ".tsv"):
        return read_table
    if path.suffix == ".jsonl":
        first = next(json_lines(path), ("", {}))[1]
        if "doc_id" in first:
            return read_lm_eval
        return read_eee if {"evaluation_id", "sample_id"} <= set(first) else read_table if "score" in first else None
    if path.suffix == ".json":
        return _reader_of_object(path)
    return None


def _reader_of_object(path: Path) -> Reader | None:
    try:
        data = json_object(path)
    except UsageError:
        return None
    if "simulations" in data:
        return read_tau2
    return read_inspect if {"eval", "samples"} <= set(data) else None


def _write(store: RunStore, results: Iterable[ItemResult]) -> dict[str, dict[str, str]]:
    """Write an episode for each score, and return the digests of the items by task and name."""
    repetitions: Counter[tuple[str, str, str]] = Counter()
    digests: dict[str, dict[str, str]] = defaultdict(dict)
    for result in results:
        same = (result.model, result.task, result.item)
        key = EpisodeKey(result.task, result.item, repetitions[same], result.model)
        repetitions[same] += 1
        known = digests[result.task].setdefault(result.item, result.digest)
        if known != result.digest:
            raise UsageError(
                f"item {result.item} of {result.task} is not the same in all of these results: import them apart"
            )
        number = len(digests[result.task]) - 1
        store.enlist(key, RecordedItem(experiment=SUITE, id=number, item=result.item, digest=result.digest), 1)
        if result.score is None:
            store.unfinished(key, NOT_SCORED, result.problem)
        else:
            store.ended(key, _outcome(result.score), {}, [])
    return dict(digests)


def _outcome(score: float) -> Outcome:
    return Outcome.success(WHOLE) if score == 1 else Outcome.failure("", quality=WHOLE * score)


def _description(paths: Sequence[Path], results: Sequence[ItemResult]) -> RunDescription:
    models = dict.fromkeys(result.model for result in results)
    source = ", ".join(path.name for path in paths)
    return RunDescription(
        config=RecordedConfig(suite=SUITE, agents=(), imported=source),
        suite=SuiteDescription(name=SUITE),
        arenas={task: ArenaDescription(version=1) for task in dict.fromkeys(result.task for result in results)},
        agents={model: {"name": model, "engine": "imported"} for model in models},
        made=Origin(started=datetime.now().astimezone().isoformat(timespec="seconds")),
    )
