"""`clemsim export` and `clemsim import`: runs in other formats."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from clemsim._util.text import plain
from clemsim.catalog import suites
from clemsim.cli import report, stress_aiperf
from clemsim.cli.common import err, one_line, print_json
from clemsim.cli.common import out as stdout
from clemsim.cli.options import JsonOption, MetricOption, RulesOption, RunArgument, TrustOption
from clemsim.cli.view.imports import import_json, import_progress, show_import
from clemsim.errors import UsageError
from clemsim.interop.clembench.importing import import_results
from clemsim.interop.destinations import DESTINATIONS, destination
from clemsim.interop.export import FORMATS
from clemsim.interop.export import export as export_run
from clemsim.interop.items.importing import import_items
from clemsim.store.study_index import indexed_runs, is_indexed

importing = typer.Typer(help="Make runs out of other formats.")

HTML = "html"
HELPS = {name: choice.help for name, choice in FORMATS.items()} | {
    **{name: choice.help for name, choice in DESTINATIONS.items() if choice.help},
    HTML: "what `clemsim report` writes",
    stress_aiperf.NAME: stress_aiperf.HELP,
}
FormatName = StrEnum("FormatName", {name: name for name in HELPS})  # type: ignore[misc]  # choices for typer


def export(
    folder: RunArgument,
    format_: Annotated[
        FormatName,
        typer.Option("--format", help="; ".join(f"{name}: {text}" for name, text in HELPS.items()) + "."),
    ],
    out: Annotated[Path | None, typer.Option(metavar="PATH", help="Where to; beside the run unless given.")] = None,
    block: Annotated[
        int | None, typer.Option(min=1, help="Tokens that a hash of a mooncake trace stands for (16; Mooncake's own: 512).")
    ] = None,
    dataset: Annotated[
        str | None, typer.Option(metavar="OWNER/NAME", help="For hf: the dataset on the Hub that is the benchmark.")
    ] = None,
    source: Annotated[str | None, typer.Option(metavar="URL", help="For hf: where the logs of the run can be read.")] = None,
    to: Annotated[
        str | None,
        typer.Option(
            metavar="WHERE", help="Send it: otel to a collector's address, mlflow to a tracking URI, wandb to a project."
        ),
    ] = None,
    records: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Of a stress test, for aiperf: what its --records has written.")
    ] = None,
    trust: TrustOption = False,
) -> None:
    """Write a run, or the report of a stress test, in another format, or send it somewhere.

    Examples:

      clemsim export runs/20261123-120000-paper --format clembench --out results

      clemsim export runs/20261123-120000-paper --format training

      clemsim export runs/20261123-120000-paper --format pairs

      clemsim export runs/20261123-120000-paper --format hf --dataset my-name/my-games

      clemsim export runs/20261123-120000-paper --format inspect

      clemsim export runs/20261123-120000-paper --format mlflow --to http://127.0.0.1:5000

      clemsim export runs/20261123-120000-paper --format wandb --to my-team/games

      clemsim export runs/20261123-120000-paper --format otel --to http://127.0.0.1:4318

      clemsim export stress/20261123-120000 --format aiperf --records records.parquet
    """
    with one_line():
        if format_.value == stress_aiperf.NAME:
            stages, place = stress_aiperf.export_aiperf(folder, records, out)
            stdout.print(plain(f"{stages} stages in {place}"), soft_wrap=True)
            return
        if records:
            raise UsageError("--records goes with --format aiperf, of a stress test")
        send = destination(format_.value, to, also_file=format_.value in FORMATS)
        if send is not None:
            if out or block or dataset or source:
                raise UsageError(f"--format {format_.value} is sent: --to says where, no other option goes with it")
            for run in indexed_runs(folder).values() if is_indexed(folder) else (folder,):
                stdout.print(plain(send(run, to, trust=trust)), soft_wrap=True)
            return
        if format_.value == HTML:
            if block:
                raise UsageError("--block: pages have no blocks")
            written = report.write_and_show([folder], out or report.usual_place(folder))
            stdout.print(plain(report.told(written)), soft_wrap=True)
            return
        made = export_run(folder, format_.value, out, trust=trust, block=block, dataset=dataset, source=source)
        stdout.print(plain(f"{made.count} {made.unit} in {made.path}"), soft_wrap=True)


@importing.callback()
def import_() -> None:
    """Make runs out of other formats."""


@importing.command("clembench")
def import_clembench(
    folders: Annotated[
        list[Path], typer.Argument(metavar="FOLDER...", help="Folders of clembench results: of one model, or of many.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The new run; of many models, the new study.")],
    suite: Annotated[
        str | None,
        typer.Option(help="The suite whose word lists, prompts and rules are used; those of the recordings unless given."),
    ] = None,
    rules: RulesOption = None,
    json: JsonOption = False,
) -> None:
    """Make a run out of clembench results, or a study out of those of many models, with their scores.

    Where instances and dialogues are recorded too, the replies are driven through the arenas again, and it is reported in
    how many episodes outcome, main score and all metrics agree, and what the others differ in. Both layouts are read, and
    trees that hold scores alone. Without --suite and --rules, the rules are those of the clemcore that results name.

    Examples:

      clemsim import clembench results/my-model --out runs/my-model

      clemsim import clembench results --out studies/shared-task
    """
    with one_line():
        named = suites.load_suite(suite) if suite else None
        with import_progress(err) as watch:
            imported = import_results(folders, out, named, rules, watch)
        if json:
            print_json(import_json(imported))
            return
        show_import(stdout, imported)


@importing.command("items")
def import_items_(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="Files of results, or folders with some: of one model, or of many."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The new run.")],
    metric: MetricOption = None,
    json: JsonOption = False,
) -> None:
    """Make a run out of the results of another tool, item by item, to compare and analyse it as any other.

    It reads Inspect's logs (.eval; extra `inspect`), samples of lm-evaluation-harness (samples_*.jsonl) and of
    every-eval-ever (*_samples.jsonl), runs of tau2 (.json), and tables with the columns model, item, score, and task and
    repetition where there are several (.csv, .tsv, .jsonl, .parquet). There are no dialogues in such a run.

    Examples:

      clemsim import items logs/*.eval --out runs/gsm8k

      clemsim import items scores.csv --out runs/scores
    """
    with one_line():
        imported = import_items(paths, out, metric)
        counts = {f"{model}, {task}": count for (model, task), count in sorted(imported.scores.items())}
        if json:
            print_json({"run": str(out), "scores": counts, "not_scored": imported.not_scored, "notes": imported.notes})
            return
        for name, count in counts.items():
            stdout.print(plain(f"{count:>7}  {name}"), soft_wrap=True)
        for note in imported.notes:
            stdout.print(plain(f"to know: {note}", "yellow"), soft_wrap=True)
        lost = f"; {imported.not_scored} were not scored" if imported.not_scored else ""
        models = list(dict.fromkeys(model for model, _ in imported.scores))
        stdout.print(plain(f"run: {out}{lost}   ({_what_next(out, models)})"), soft_wrap=True)


def _what_next(run: Path, models: Sequence[str]) -> str:
    """Return what is likely wanted next of a run of so many models, and its command."""
    if len(models) > 2:
        return f"analyse it: clemsim analyze {run}"
    if len(models) < 2:
        return f"compare it: clemsim compare {run} OTHER"
    first, second = map(quote, models)
    return f"compare them: clemsim compare {run} --a {first} --b {second}"
