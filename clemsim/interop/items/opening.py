"""Opens whatever a command was given as a run: one of clemsim as it is, results of another tool for as long as it takes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from clemsim.errors import UsageError
from clemsim.interop.clembench.importing import ImportProgress, import_results
from clemsim.interop.clembench.recorded import LOG, SCORES, find_models
from clemsim.interop.items.finding import PATTERNS, reader_of
from clemsim.interop.items.importing import ImportedItems, import_items
from clemsim.interop.items.tables import is_item_table
from clemsim.store.folder import STORE
from clemsim.store.reader import episodes, reading
from clemsim.store.study_index import is_indexed

Amounts = Callable[[str, int, int], None]  # what is read, how much of it, and of how much


def is_run(path: Path) -> bool:
    """Return whether a path is a run or a study of clemsim."""
    return (path / STORE).is_file() or is_indexed(path)


def holds_items(path: Path) -> bool:
    """Return whether a path is results of another tool, or is a folder with some; tables of clembench's are none."""
    if is_run(path):
        return False
    if path.is_dir():
        return any(map(_is_results, path.glob("*"))) or any(next(path.rglob(pattern), None) for pattern in PATTERNS)
    return _is_results(path)


def _is_results(path: Path) -> bool:
    """Return whether a file is results by its name, or is a table or an object of such."""
    if not path.is_file():
        return False
    if path.suffix in (".csv", ".tsv"):
        return is_item_table(path)
    return path.suffix in (".eval", ".jsonl", ".parquet") or (path.suffix == ".json" and reader_of(path) is not None)


def holds_clembench(path: Path) -> bool:
    """Return whether a path is a folder of clembench's results, episode by episode."""
    return path.is_dir() and not is_run(path) and any(next(path.rglob(name), None) for name in (SCORES, LOG))


def clembench_models(path: Path) -> list[str]:
    """Return the models of a folder of clembench's results; none of anything else."""
    return [model.name for model in find_models([path])] if holds_clembench(path) else []


@contextmanager
def as_run(
    path: Path,
    metric: str | None = None,
    models: Collection[str] = (),
    watch: Amounts = lambda what, done, all_: None,
) -> Iterator[Path]:
    """Yield a run or a study as it is, and results of another tool as a run that lasts as long as the block. `models`: those
    that are wanted of a folder of clembench's results; all of them unless given.

    Raises UsageError where they cannot be read, or there is no such file.
    """
    if path.suffix and not path.exists():
        raise UsageError(f"there is no {path}: name a run, a study, or results of another tool")
    clembench = holds_clembench(path)
    if is_run(path) or not path.exists() or not (clembench or path.is_file() or holds_items(path)):
        yield path  # a run that is not there is told by whoever opens it
        return
    with TemporaryDirectory(prefix="clemsim-") as place:
        run = Path(place) / (path.resolve().name if path.is_dir() else path.stem)
        if clembench:
            _import_clembench(path, run, models, watch)
        else:
            _check_scored(path, import_items([path], run, metric))
        try:
            yield run
        except UsageError as error:  # which names what was given, and not the place where it is a run meanwhile
            raise UsageError(str(error).replace(str(run), str(path))) from error


def _check_scored(path: Path, imported: ImportedItems) -> None:
    if not imported.scores:
        with reading(imported.run / STORE) as base:
            problem = next((row.detail for row in episodes(base)), "")
        why = f", the first one as {' '.join(problem.split())[:200]}" if problem else ""
        raise UsageError(f"{path}: none of its {imported.not_scored} samples was scored{why}")


def _import_clembench(path: Path, run: Path, models: Collection[str], watch: Amounts) -> None:
    def show(progress: ImportProgress) -> None:
        watch(f"episodes of {path.name}", progress.done, progress.episodes)

    folders = [path / model for model in models if (path / model).is_dir()]
    whole = len(folders) < len(models) or not folders
    if whole and models:
        known = clembench_models(path)
        if missing := [model for model in models if model not in known]:
            raise UsageError(f"{path} has no model {missing[0]!r}: choose one of {', '.join(known)}")
    import_results([path] if whole else folders, run, watch=show)
