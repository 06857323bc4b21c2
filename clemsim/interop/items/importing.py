"""Writes results of other tools as a run, so that everything that compares and analyses runs takes them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

from clemsim.errors import UsageError
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.outcomes import Outcome
from clemsim.interop.items.finding import KNOWN, read_items
from clemsim.interop.items.item import ItemResult
from clemsim.results.run_summary import write_summary
from clemsim.store.description import ArenaDescription, Origin, RecordedConfig, RunDescription, SuiteDescription
from clemsim.store.folder import STORE, making, write_description
from clemsim.store.schema import INSTANCES, NOTES
from clemsim.store.writer import RunStore

SUITE = "items"
NOT_SCORED = "not scored"
WHOLE = 100.0
LISTED = 5  # names in a note


class RecordedItem(Instance):
    """An item as a run keeps it: its name, and what tells it from others of that name."""

    item: str
    digest: str


@dataclass(frozen=True, slots=True)
class ImportedItems:
    """What was imported: the run, how many scores of each model and task, how many were not scored, and notes."""

    run: Path
    scores: Counter[tuple[str, str]]
    not_scored: int
    notes: Sequence[str] = ()


def import_items(paths: Sequence[Path], out: Path, metric: str | None = None) -> ImportedItems:
    """Import the results in files and folders into the new run `out`. `metric`: which one, where there are several.

    Raises UsageError.
    """
    read = [read_items(path, metric) for path in paths]
    results = [result for own, _ in read for result in own]
    if not results:
        raise UsageError(f"{', '.join(map(str, paths))}: no scores in it; clemsim reads {KNOWN}")
    notes = [note for _, own in read for note in own] + list(_notes(results, metric))
    with making(out) as draft:
        with RunStore(draft.path / STORE) as store:
            store.meta(INSTANCES, _write(store, results))
            store.meta(NOTES, notes)
        write_description(draft.path, _description(paths, results))
    write_summary(out)
    scored = Counter((result.model, result.task) for result in results if result.score is not None)
    return ImportedItems(out, scored, sum(result.score is None for result in results), notes)


def _notes(results: Iterable[ItemResult], metric: str | None) -> Iterator[str]:
    """Yield notes on what else could have been compared: other scores of a task, and filters of one."""
    chosen: dict[tuple[str, tuple[str, ...]], dict[str, None]] = defaultdict(dict)
    for result in results:
        if result.others and metric is None:
            chosen[result.metric, result.others][result.task] = None
    for (name, others), tasks in chosen.items():
        named = ", ".join(list(tasks)[:LISTED]) + (f" and {len(tasks) - LISTED} more" if len(tasks) > LISTED else "")
        yield f"the score of {named} is {name}: --metric takes another, of {', '.join(others)}"


def _write(store: RunStore, results: Iterable[ItemResult]) -> dict[str, dict[str, str]]:
    """Write an episode for each score, and return the digests of the items by task and name."""
    taken: dict[tuple[str, str, str], set[int]] = defaultdict(set)
    digests: dict[str, dict[str, str]] = defaultdict(dict)
    for result in results:
        repetition = _repetition(taken[result.model, result.task, result.item], result.repetition)
        key = EpisodeKey(result.task, result.item, repetition, result.model)
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


def _repetition(taken: set[int], wanted: int | None) -> int:
    """Return the number of a try, which is then taken: the one that is wanted, or the first that is free."""
    number = wanted if wanted is not None and wanted not in taken else next(own for own in count() if own not in taken)
    taken.add(number)
    return number


def _outcome(score: float) -> Outcome:
    return Outcome.success(WHOLE) if score == 1 else Outcome.failure("", quality=WHOLE * score)


def _description(paths: Sequence[Path], results: Sequence[ItemResult]) -> RunDescription:
    settings: dict[str, dict[str, Any]] = defaultdict(dict)
    for result in results:
        settings[result.model] |= result.settings
    source = ", ".join(path.name for path in paths)
    return RunDescription(
        config=RecordedConfig(suite=SUITE, agents=(), imported=source),
        suite=SuiteDescription(name=SUITE),
        arenas={task: ArenaDescription(version=version) for task, version in _versions(results).items()},
        agents={name: {"name": name, "engine": "imported", "sampling": own} for name, own in settings.items()},
        made=Origin(started=datetime.now().astimezone().isoformat(timespec="seconds")),
    )


def _versions(results: Iterable[ItemResult]) -> Mapping[str, str | None]:
    """Return the version of each task, None where it is not known. Raises UsageError where there are several."""
    versions: dict[str, str | None] = {}
    for result in results:
        known = versions.setdefault(result.task, result.version)
        if known != result.version:
            names = f"{known or 'unknown'} and {result.version or 'unknown'}"
            raise UsageError(f"these are results of several versions of {result.task}, {names}: import them apart")
    return versions
