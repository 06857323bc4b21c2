"""`clemsim show`: read a run in the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.table import Table as RichTable

from clemsim._util.text import plain
from clemsim.cli.common import one_line, out, print_json
from clemsim.cli.view.load_chart import check_picture, draw_loads
from clemsim.cli.view.results import results
from clemsim.cli.view.transcripts import transcript
from clemsim.game.events import encode, type_name
from clemsim.results import diagnostics
from clemsim.results.run_summary import summarize_run
from clemsim.runs.replay import chosen
from clemsim.store import reader
from clemsim.store.folder import STORE
from clemsim.store.reader import EpisodeRow


def show(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")],
    episode: Annotated[str | None, typer.Argument(help="Number or label, such as 7 or taboo/high_en/3.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Episodes to list.")] = 40,
    load: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw width and load over time into a .svg, .png or .html file.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Show the results of a run, its episodes, and a transcript (the first one, unless EPISODE is named).

    Examples:

      clemsim show runs/20261123-120000-quick

      clemsim show runs/20261123-120000-quick taboo/high_en/0

      clemsim show runs/20261123-120000-quick --load load.svg
    """
    with one_line(), reader.reading(folder / STORE) as base:
        if load:
            check_picture(load)
            draw_loads(diagnostics.loads(base), load)
            out.print(plain(f"width and load over time: {load}"), soft_wrap=True)
            return
        rows = list(reader.episodes(base))
        picked = chosen(rows, episode)
        if json:
            summary = summarize_run(folder).as_json()
            print_json({**summary, "transcripts": [_as_json(row, base) for row in picked]} if episode else summary)
            return
        if episode is None:
            out.print(results(summarize_run(folder)))
            out.print(_list(rows, limit))
            picked = [row for row in picked if row.outcome is not None][:1] or picked[:1]
        for row in picked:
            out.print(transcript(row.key, reader.events(base, row.id), reader.requests(base, row.id), note=row.detail))
        if episode is None and len(rows) > 1:
            out.print(plain(f"another one: clemsim show {folder} EPISODE   (its number or label)", "dim"), soft_wrap=True)


def _list(rows: Sequence[EpisodeRow], limit: int) -> RichTable:
    table = RichTable(title=f"{min(limit, len(rows))} of {len(rows)} episodes", title_justify="left")
    for name in ("", "episode", "agent", "outcome", "quality", "reason"):
        table.add_column(name, overflow="fold")
    for row in rows[:limit]:
        outcome = row.outcome
        quality = "" if outcome is None or outcome.quality is None else f"{outcome.quality:.1f}"
        kind = outcome.kind if outcome else row.status
        reason = (outcome.reason if outcome else row.detail or row.cause) or ""
        table.add_row(str(row.id), plain(row.key.label), plain(row.key.cast), kind, quality, plain(reason, "", 80))
    return table


def _as_json(row: EpisodeRow, base: Any) -> dict[str, Any]:
    events = reader.events(base, row.id)
    return {
        "episode": row.id,
        "label": row.key.label,
        "agent": row.key.cast,
        "status": row.status,
        "instance": row.data,
        "events": [{"type": type_name(event), **_loads(encode(event))} for event in events],
    }


def _loads(text: str) -> dict[str, Any]:
    loaded: dict[str, Any] = orjson.loads(text)
    return loaded
