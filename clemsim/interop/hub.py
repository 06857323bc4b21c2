"""Results for the Hugging Face Hub: `.eval_results/SUITE.yaml` for each model's repository, and the benchmark's `eval.yaml`.

The Hub reads the former out of model repositories, and makes leaderboards of them in the dataset that is the benchmark
(https://huggingface.co/docs/hub/eval-results).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, count
from pathlib import Path
from typing import Any

from clemsim import __version__
from clemsim._util.files import safe_name, write_text
from clemsim.errors import UsageError
from clemsim.results.intervals import Interval
from clemsim.results.run_summary import RunSummary, summarize_run
from clemsim.results.summary import ScoreSummary
from clemsim.store.description import RunDescription
from clemsim.store.folder import read_description

SCORES = ("clemscore", "played", "quality")
REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}", re.ASCII)
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")  # which YAML wants escaped


def write_hf(folder: Path, out: Path, *, trust: bool = False, dataset: str | None = None, source: str | None = None) -> int:
    """Write `models/MODEL/.eval_results/SUITE.yaml` for each agent that took all seats, and `benchmark/eval.yaml`; return
    the number of files of results.

    Tasks are the scores over all games (`clemscore`, `played`, `quality`), and each game, whose value is the mean main score
    of its episodes, an aborted one as 0. Notes have the 95 % interval, and how many episodes it is of. `dataset`: the id of
    the benchmark on the Hub; `source`: the address of the logs. Raises UsageError where there is no `dataset`, or no such
    agent with a score.
    """
    return write_hf_of_all([folder], out, trust=trust, dataset=dataset, source=source)


def write_hf_of_all(
    folders: Sequence[Path], out: Path, *, trust: bool = False, dataset: str | None = None, source: str | None = None
) -> int:
    """Write the files of several runs as `write_hf` does, and return the number of files of results. Of two results of one
    model, the name of the second ends in that of its run or agent.
    """
    if dataset is None or not REPOSITORY.fullmatch(dataset):
        raise UsageError("--format hf: give the benchmark's dataset on the Hub, --dataset OWNER/NAME")
    if source is not None and not source.startswith(("https://", "http://")):
        raise UsageError(f"--source {source}: give an address that begins with https://")
    written: set[Path] = set()
    games: set[str] = set()
    for folder in folders:
        summary, description = summarize_run(folder), read_description(folder)
        name = safe_name(description.suite.name or "run")
        for cast, scores in summary.agents.items():
            entries = list(_entries(description, summary, cast, scores, dataset, source))
            if cast in description.agents and entries:
                place = out / "models" / _place(description, cast) / ".eval_results"
                path = next(each for each in _places(place / name, folder.name, cast) if each not in written)
                write_text(path, "\n".join(entries), UsageError)
                written.add(path)
                games |= scores.arenas.keys()
    if not written:
        raise UsageError(f"{folders[0]} has no agent that played all seats and has a score, so no result of one model")
    write_text(out / "benchmark" / "eval.yaml", _benchmark(read_description(folders[0]), sorted(games)), UsageError)
    return len(written)


def _places(path: Path, run: str, cast: str) -> Iterator[Path]:
    """Yield names for the results of a model, of which the first that is free is taken."""
    endings = chain(("", run, f"{run}-{cast}"), map(str, count(2)))
    return (path.with_name(f"{path.name}{f'-{safe_name(end)}' if end else ''}.yaml") for end in endings)


def _place(description: RunDescription, cast: str) -> Path:
    """Return the folder of a model's repository, after its id on the Hub where it has one."""
    model = str(description.agents[cast].get("model") or cast)
    owner, _, name = model.rpartition("/")
    return Path(safe_name(owner), safe_name(name)) if REPOSITORY.fullmatch(model) else Path(safe_name(model))


def _entries(
    description: RunDescription, summary: RunSummary, cast: str, scores: ScoreSummary, dataset: str, source: str | None
) -> Iterator[str]:
    """Yield the entries of an agent as YAML: overall, then each game. Scores without a value have none."""
    about = _about(description, summary, cast)
    finished = scores.episodes - scores.unfinished
    for task in SCORES:
        value, limits = getattr(scores, task), getattr(scores.ci, task)
        yield from _entry(description, dataset, source, task, value, _notes(limits, finished, scores.unfinished, about))
    for game, own in scores.arenas.items():
        notes = _notes(own.ci.worth, own.episodes - own.unfinished, own.unfinished, about)
        version = description.arenas[game].version if game in description.arenas else None
        rules = f"; rules {version}" if version is not None else ""
        yield from _entry(description, dataset, source, game, own.worth, notes + rules)


def _entry(
    description: RunDescription, dataset: str, source: str | None, task: str, value: float | None, notes: str
) -> Iterator[str]:
    if value is None:
        return
    lines = ["- dataset:", f"    id: {scalar(dataset)}", f"    task_id: {scalar(task)}", f"  value: {value}"]
    if description.made.started:
        lines.append(f"  date: {scalar(description.made.started)}")
    if source:
        lines += ["  source:", f"    url: {scalar(source)}", '    name: "clemsim run"']
    yield "\n".join([*lines, f"  notes: {scalar(notes)}", ""])


def _notes(limits: Interval | None, finished: int, unfinished: int, about: str) -> str:
    interval = f"95 % interval {limits[0]:.2f} to {limits[1]:.2f}, " if limits else ""
    left = f" ({unfinished} more unfinished)" if unfinished else ""
    return f"{interval}{finished} episodes{left}; {about}"


def _about(description: RunDescription, summary: RunSummary, cast: str) -> str:
    config = description.config
    sampling: Mapping[str, Any] = description.agents.get(cast, {}).get("sampling", {})
    decoding = "constrained" if summary.constrained else "free"
    temperature = sampling.get("temperature", config.temperature)
    version = description.made.clemsim or __version__
    return f"{decoding} decoding, temperature {temperature:g}; suite seed {summary.suite_seed}; clemsim {version}"


def _benchmark(description: RunDescription, games: Sequence[str]) -> str:
    """Return what the dataset that is the benchmark says of itself."""
    name = description.suite.name or "run"
    head = [
        "# For the root of the benchmark's dataset. The Hub takes frameworks of its own list only, to which clemsim must be",
        "# added first: https://github.com/huggingface/huggingface.js/blob/main/packages/tasks/src/eval.ts",
        f"name: {scalar(f'clemsim {name}')}",
        f"description: {scalar(_described(games))}",
        "evaluation_framework: clemsim",
        "",
        "tasks:",
    ]
    return "\n".join([*head, *(f"  - id: {scalar(task)}" for task in [*SCORES, *games]), ""])


def _described(games: Iterable[str]) -> str:
    return (
        "Conversational games that language models play with each other. clemscore = %Played / 100 x Quality over all games;"
        f" a game's own task is its mean main score, an aborted episode as 0. Games: {', '.join(games)}."
    )


def scalar(text: str) -> str:
    """Return a text as a scalar of YAML between double quotes, whose escapes are those of JSON."""
    quoted = json.dumps(text, ensure_ascii=False)
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", quoted)
