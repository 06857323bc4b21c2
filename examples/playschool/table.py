"""The shared task of LM Playschool 2026, from its downloaded results to a table of submissions against their base models.

    python examples/playschool/table.py RESULTS OUT

RESULTS is a checkout of https://github.com/lm-playpen/lm-playschool-2026-final-results (3 GB), OUT a folder for the two
studies and `report.md`. Studies that are there already are used as they are.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from clemsim.analysis.compare import compare
from clemsim.analysis.run_comparison import RunComparison
from clemsim.analysis.sources.reading import read
from clemsim.analysis.statistics.rank_intervals import RankInterval, rank_intervals
from clemsim.interop.clembench.importing import ImportProgress, import_results
from clemsim.results.holm import holm
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.study_index import indexed_runs

DOMAINS = {"in domain": "clem_indomain", "out of domain": "clem_outofdomain"}
COLUMN = {"in domain": 5, "out of domain": 6}  # of the published table
LEVEL = 0.05
MISSING = """SELECT arena, instance, cause, detail FROM episodes WHERE status != 'done'"""


@dataclass(frozen=True)
class Row:
    """A submission against its base in one domain; `p_holm`: adjusted for all submissions of the domain."""

    submission: str
    base: str
    comparison: RunComparison
    p_holm: float | None
    rank: RankInterval
    arrow: str

    @property
    def cells(self) -> list[str]:
        """The cells of the row as text."""
        own = self.comparison.clemscore
        verdict = "no difference shown"
        if own.difference is not None and self.p_holm is not None and self.p_holm < LEVEL:
            verdict = "higher" if own.difference > 0 else "lower"
        return [
            self.submission.replace("|", "/"),
            self.base,
            _number(own.a),
            _number(own.b),
            _number(own.difference, "+.1f"),
            "–" if own.low is None or own.high is None else f"{own.low:+.1f} to {own.high:+.1f}",
            _number(self.p_holm, ".3f"),
            f"{self.rank.low}–{self.rank.high}",
            verdict,
            self.arrow,
        ]


def main(results: Path, out: Path) -> None:
    """Import both domains, compare, and write the report."""
    out.mkdir(parents=True, exist_ok=True)
    published = published_arrows(results / "README.md")
    parts = ["# Submissions against their base models", "", NOTES]
    for domain, name in DOMAINS.items():
        study = out / name
        if not study.exists():
            import_results([results / name], study, watch=_tell)
        rows, missing = rows_of(study, domain, published), list(missing_of(study))
        parts += [f"\n## {domain.capitalize()}\n", *_table(rows)]
        parts += ["\nMissing or unfinished episodes:\n", *(f"- {line}" for line in missing or ["none"])]
    (out / "report.md").write_text("\n".join(parts) + "\n", encoding="utf-8")
    print(out / "report.md")


def rows_of(study: Path, domain: str, published: Mapping[str, Sequence[str]]) -> list[Row]:
    """Return a row for each submission, those of one base together."""
    models = list(indexed_runs(study))
    bases = [model for model in models if "__" not in model]
    pairs = [(model, base) for model in models if "__" in model and (base := base_of(model, bases))]
    pairs.sort(key=lambda pair: (bases.index(pair[1]), pair[0]))
    comparisons = [compare(study, study, model, base) for model, base in pairs]
    adjusted = holm([comparison.clemscore.p for comparison in comparisons])
    ranks = rank_intervals(read([study]).sample)
    return [
        Row(model, base, comparison, p, ranks[model], arrow_of(model, domain, published))
        for (model, base), comparison, p in zip(pairs, comparisons, adjusted, strict=True)
    ]


def base_of(submission: str, bases: Sequence[str]) -> str | None:
    """Return the base model that a submission TEAM__BASE__VERSION names: the longest name that its own begins with."""
    named = submission.split("__")[1].lower()
    return max((base for base in bases if named.startswith(base.lower())), key=len, default=None)


def published_arrows(readme: Path) -> dict[str, list[str]]:
    """Return the rows of the published table, by team and version."""
    rows = {}
    for line in readme.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 7 and cells[1] and re.search("[▲▼]", cells[6]):
            rows[f"{cells[1]}__{cells[2]}"] = cells
    return rows


def arrow_of(submission: str, domain: str, published: Mapping[str, Sequence[str]]) -> str:
    """Return the published score and arrow of a submission: that of its version, or the only one of its team."""
    team, _, version = submission.split("__", 2)
    own = [key for key in published if key.split("__")[0] == team]
    exact = [key for key in own if key == f"{team}__{version}"]
    found = exact or (own if len(own) == 1 else [])
    return published[found[0]][COLUMN[domain]] if found else "not found"


def missing_of(study: Path) -> Iterator[str]:
    """Yield a line for each episode that has no outcome."""
    for model, run in indexed_runs(study).items():
        with reader.reading(run / STORE) as base:
            for game, instance, cause, detail in base.execute(MISSING):
                yield f"{model}: {game}/{instance}: {cause} ({detail})"


NOTES = f"""Each submission is compared with its base on the instances that both have finished, paired by instance: the
difference in clemscore in points, its 95 % interval, and the p value after Holm's adjustment (1979) for all submissions of
the domain. "higher" and "lower" are verdicts at the {LEVEL:.0%} level. The rank is an interval of 95 % among all models of
the domain (Mogstad, Romano, Shaikh and Wilhelm 2024). The last column is what was published; its arrow compares two
numbers."""

HEADER = (
    "submission",
    "base",
    "clemscore",
    "base's",
    "difference",
    "95 % interval",
    "p (Holm)",
    "rank",
    "verdict",
    "published",
)


def _table(rows: Sequence[Row]) -> list[str]:
    lines = [HEADER, ["---"] * len(HEADER), *(row.cells for row in rows)]
    return [f"| {' | '.join(cells)} |" for cells in lines]


def _number(value: float | None, form: str = ".2f") -> str:
    return "–" if value is None else format(value, form)


def _tell(progress: ImportProgress) -> None:
    if progress.done % 1000 == 0:
        print(f"{progress.done} of {progress.episodes} episodes", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
