"""What `analyze` and `compare` do once the extra `analysis` is there. Imported late, as the libraries of that extra are
slow to load.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clemsim._util.files import check_new
from clemsim._util.text import plain
from clemsim.analysis.analyze import analyze
from clemsim.analysis.questions.match import match
from clemsim.analysis.sources.reading import Decoding, read, read_games
from clemsim.analysis.writing.files import NUMBERS, REPORT, as_json, write
from clemsim.analysis.writing.terminal import told, versus
from clemsim.cli.common import err, out, print_json


def analyse(
    sources: Sequence[Path],
    characteristics: Sequence[Path],
    folder: Path,
    letters: str,
    kinds: Sequence[str],
    targets: Sequence[float],
    model: str | None,
    games: Path | None,
    suite: str | None,
    decoding: Decoding | None,
    *,
    as_object: bool,
) -> None:
    """Read, analyse, write the folder, and tell. Raises ClemsimError."""
    if not (folder / NUMBERS).is_file():
        check_new(folder, "and is no analysis")
    evidence = read(sources, characteristics, suite, decoding)
    _tell(f"analysing {len(evidence.models)} models in {len(evidence.games)} games")
    rated = read_games(games) if games else ()
    found = analyze(evidence, letters, targets=targets, model=model, games=rated)
    left_out = evidence.left_out()
    title = f"What makes a model play well? {len(evidence.models)} models in {len(evidence.games)} games"
    write(found, left_out, title, folder, kinds, _tell)
    if as_object:
        print_json({"report": str(folder / REPORT), **as_json(found, left_out)})
        return
    for each in told(found, left_out):
        out.print(each)
    out.print(plain(f"\nreport: {folder / REPORT}   (tables and figures beside it)"), soft_wrap=True)


def compare(one: Path, two: Path, first: str | None, second: str | None, *, anyway: bool, as_object: bool) -> None:
    """Compare two runs and tell. Raises ClemsimError."""
    found = match(one, two, first, second, anyway=anyway)
    if as_object:
        rows = found.table.frame.to_dicts()
        hangs = {"without": found.hangs.without, "rules": found.hangs.rules, "fragile": found.hangs.fragile}
        said = {"sentences": found.sentences, "notes": found.notes, "sensitivity": hangs}
        print_json({"a": found.first, "b": found.second, "rows": rows, **said})
        return
    out.print(versus(found.table))
    for sentence in found.sentences:
        out.print(plain(sentence))
    for note in found.notes:
        out.print(plain(f"to know: {note}", "yellow"))
    out.print(
        plain(
            "verdict: A against B at the 5 % level; p_holm holds for all rows but the last together, p for the last", "dim"
        )
    )


def _tell(text: str) -> None:
    err.print(plain(text, "dim"), soft_wrap=True)
