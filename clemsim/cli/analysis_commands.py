"""The work of `clemsim analyze` and `clemsim compare`. Imported late, as the libraries of the extra are slow to load."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clemsim._util.files import check_new
from clemsim._util.text import plain
from clemsim.analysis.analyze import analyze
from clemsim.analysis.fresh_comparison import compare_fresh
from clemsim.analysis.kinds import AnalysisKind, AnalysisOptions
from clemsim.analysis.run_comparison import compare_runs
from clemsim.analysis.sources import Decoding
from clemsim.analysis.sources.own_groups import read_groups, with_groups
from clemsim.analysis.sources.reading import read, read_games
from clemsim.analysis.sources.subsets import Subset, narrow
from clemsim.analysis.writing.files import NUMBERS, REPORT, as_json, write
from clemsim.cli.common import err, out, print_json
from clemsim.cli.view.amounts import amounts_shown
from clemsim.cli.view.analyses import fresh_tables, joint_table, report, run_comparison_table, subset_lines


@dataclass(frozen=True, slots=True)
class Sources:
    """The runs, studies and tables to be read, and the choice among runs. `games`: a table of games to rate.
    `groups`: a file of own groups of models. `subset`: the models and games that are analysed.
    """

    paths: Sequence[Path]
    characteristics: Sequence[Path] = ()
    games: Path | None = None
    suite: str | None = None
    decoding: Decoding | None = None
    groups: Path | None = None
    subset: Subset = field(default_factory=Subset)


def run_analyses(
    sources: Sources,
    kinds: Sequence[AnalysisKind],
    options: AnalysisOptions,
    folder: Path,
    figures: Sequence[str],
    *,
    as_object: bool,
) -> None:
    """Read the sources, analyse them, write the folder, and print the result. Raises ClemsimError."""
    if not (folder / NUMBERS).is_file():
        check_new(folder, "and is no analysis")
    evidence = read(sources.paths, sources.characteristics, sources.suite, sources.decoding)
    if sources.groups:
        evidence = with_groups(evidence, read_groups(sources.groups))
    evidence = narrow(evidence, sources.subset)
    amount = f"{len(evidence.models)} models in {len(evidence.games)} games"
    _tell(f"analysing {amount}")
    games = read_games(sources.games) if sources.games else ()
    analyses = analyze(evidence, kinds, options, games)
    left_out, subset = evidence.left_out(), evidence.subset
    places = [str(path) for path in sources.paths if path.is_dir()]
    write(analyses, left_out, f"What makes a model play well? {amount}", folder, figures, _tell, subset, places)
    if as_object:
        print_json({"report": str(folder / REPORT), **as_json(analyses, left_out, subset)})
        return
    for part in report(analyses, left_out, subset):
        out.print(part)
    out.print(plain(f"\nreport: {folder / REPORT}   (tables and figures beside it)"), soft_wrap=True)


def run_comparison(
    run_a: Path,
    run_b: Path,
    a: str | None,
    b: str | None,
    *,
    anyway: bool,
    these_instances: bool,
    margin: float,
    without: Sequence[str],
    as_object: bool,
) -> None:
    """Compare two runs and print the result. Raises ClemsimError."""
    with amounts_shown(err) as watch:
        comparison = compare_runs(
            run_a, run_b, a, b, anyway=anyway, these_instances=these_instances, margin=margin, without=without, watch=watch
        )
    if as_object:
        print_json(comparison)
        return
    for line in subset_lines(comparison.subset):
        out.print(line)
    out.print(run_comparison_table(comparison))
    if comparison.joint:
        out.print(joint_table(comparison))
    for sentence in comparison.sentences:
        out.print(plain(sentence))
    for note in comparison.notes:
        out.print(plain(f"to know: {note}", "yellow"))
    out.print(
        plain(
            "verdict: A against B at the 5 % level; p holm, low and high hold for all rows but the last together, "
            "and for the last alone",
            "dim",
        )
    )


def run_fresh_comparison(
    public: Path, fresh: Path, agents: Sequence[str], without: Sequence[str], *, as_object: bool
) -> None:
    """Compare a run on a public suite with one on a fresh suite and print the result. Raises ClemsimError."""
    comparison = compare_fresh(public, fresh, agents, without)
    if as_object:
        print_json(comparison)
        return
    for line in subset_lines(comparison.subset):
        out.print(line)
    for table in fresh_tables(comparison):
        out.print(table)
    for sentence in comparison.sentences:
        out.print(plain(sentence))
    for note in comparison.notes:
        out.print(plain(f"to know: {note}", "yellow"))


def _tell(text: str) -> None:
    err.print(plain(text, "dim"), soft_wrap=True)
