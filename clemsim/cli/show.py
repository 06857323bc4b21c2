"""`clemsim show`: read a run in the terminal."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table as RichTable

from clemsim._util.files import new_file
from clemsim._util.text import plain
from clemsim.cli import filter_options as options
from clemsim.cli.common import fail, one_line, out, print_json
from clemsim.cli.episode_lists import ListPlace, list_endings, list_episodes, options_filter
from clemsim.cli.follow import follow
from clemsim.cli.leaderboard import show_study
from clemsim.cli.options import JsonOption
from clemsim.cli.view.configuration import show_config
from clemsim.cli.view.episode import EpisodeViews
from clemsim.cli.view.load_chart import check_picture, draw_loads
from clemsim.cli.view.results import results_of
from clemsim.cli.view.transcript_page import transcript_page
from clemsim.cli.view.transcripts import scores_by_seat
from clemsim.errors import UsageError
from clemsim.interop.jsonl import event_json
from clemsim.interop.pictures import save_images
from clemsim.results import diagnostics
from clemsim.results.dialogue.read import read_dialogue
from clemsim.results.run_summary import summarize_run
from clemsim.runs.drawing import Drawings
from clemsim.runs.replay import chosen
from clemsim.store import reader
from clemsim.store.folder import STORE, read_description
from clemsim.store.reader import EpisodeRow
from clemsim.store.study_index import indexed_runs, is_indexed

NAMED_SEATS = 2  # of one score, in the list of episodes


def show(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run, or of a study.")],
    episode: Annotated[str | None, typer.Argument(help="Number or label, such as 7 or taboo/high_en/3.")] = None,
    agent: options.FilterAgent = "",
    arena: options.FilterArena = "",
    experiment: options.FilterExperiment = "",
    outcome: options.FilterOutcome = "",
    status: options.FilterStatus = "",
    reason: options.FilterReason = "",
    blame: options.FilterBlame = "",
    flag: options.FilterFlag = None,
    score: options.FilterScore = "",
    turns: options.FilterTurns = "",
    tokens: options.FilterTokens = "",
    seconds: options.FilterSeconds = "",
    grep: options.FilterGrep = "",
    within: options.FilterIn = "",
    sort: options.FilterSort = "",
    limit: Annotated[int, typer.Option(min=0, help="Episodes to list.")] = 40,
    offset: Annotated[int | None, typer.Option(min=0, help="Leave out so many before.")] = None,
    page: Annotated[int | None, typer.Option(min=1, help="Show this page of --limit episodes.")] = None,
    endings: Annotated[
        bool, typer.Option("--endings", help="Count why the episodes ended: outcome, reason and blamed seat.")
    ] = False,
    load: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw width and load over time into a .svg, .png or .html file.")
    ] = None,
    following: Annotated[
        bool, typer.Option("--follow", help="Show what is recorded while another process plays the run, to its end.")
    ] = False,
    images: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Save the pictures of the episodes that are shown into a folder.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the transcripts, with their pictures, as a page of HTML.")
    ] = None,
    config: Annotated[
        bool, typer.Option("--config", help="Show how the run was configured, and what its agents are.")
    ] = False,
    reasoning: Annotated[
        bool, typer.Option("--reasoning", help="Show what models thought aloud in full, not folded to a line.")
    ] = False,
    seen: Annotated[
        str | None, typer.Option("--seen", metavar="SEAT", help="Show the conversation as the model in this seat got it.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Show the results of a run, its episodes, and a transcript (the first one, unless EPISODE is named); with filters only
    the list of those episodes. Of a study, show the results of each model, and how each of them played EPISODE. With
    --follow, print a line for each reply as it comes; of EPISODE all that is told and said; with --json an object for each
    event, a line each.

    Examples:

      clemsim show runs/20261123-120000-quick

      clemsim show runs/20261123-120000-quick taboo/high_en/0

      clemsim show runs/20261123-120000-quick taboo/high_en/0 --seen guesser

      clemsim show runs/20261123-120000-quick --endings

      clemsim show runs/20261123-120000-quick --outcome aborted --arena wordle --reason "letters"

      clemsim show runs/20261123-120000-quick --grep '"my guess" apple' --sort=-tokens --limit 10 --page 2

      clemsim show runs/20261123-120000-quick --score 20..80 --flag cut --json

      clemsim show runs/20261123-120000-quick --follow

      clemsim show runs/20261123-120000-quick --load load.svg

      clemsim show runs/20261123-120000-quick 7 --html episode.html

      clemsim show runs/20261123-120000-quick --config
    """
    with one_line():
        given = {
            "agent": agent,
            "arena": arena,
            "experiment": experiment,
            "outcome": outcome,
            "status": status,
            "reason": reason,
            "blame": blame,
            "flag": ",".join(flag or ()),
            "score": score,
            "turns": turns,
            "tokens": tokens,
            "seconds": seconds,
            "text": grep,
            "in": within,
            "sort": sort,
        }
        place = ListPlace.of(limit, offset, page)
        lists = endings or any(given.values()) or offset is not None or page is not None
        if lists and (episode is not None or config or following or load or images or html or seen or reasoning):
            fail("filters list episodes: leave out EPISODE and the options for what is not a list, or leave out the filters")
        if config:
            show_config(folder, as_json=json)
        elif is_indexed(folder):
            if load or images or html or following:
                fail(f"{folder} is a study: name one of its runs")
            if episode is not None:
                _show_in_study(folder, episode, reasoning=reasoning, seen=seen, as_json=json)
            else:
                show_study(folder, given, place, endings=endings, as_json=json)
        elif endings:
            list_endings(folder, options_filter(given), place, as_json=json)
        elif lists:
            list_episodes(folder, options_filter(given), place, as_json=json)
        elif following:
            if load or images or html or seen:
                fail("--load, --images, --html and --seen are of what was recorded: leave out --follow")
            follow(folder, episode, reasoning=reasoning, as_json=json)
        elif images or html:
            _write_transcripts(folder, episode, images, html)
        else:
            _show_run(folder, episode, limit, load, EpisodeViews(folder, reasoning=reasoning, seen=seen), as_json=json)


def _show_in_study(folder: Path, episode: str, *, reasoning: bool, seen: str | None, as_json: bool) -> None:
    """Print how each model of a study played an episode."""
    runs = indexed_runs(folder)
    views_of = {run: EpisodeViews(run, reasoning=reasoning, seen=seen) for run in runs.values()}
    found = {model: _transcripts(run, episode, views_of[run]) for model, run in runs.items()}
    if as_json:
        print_json({"study": str(folder), "transcripts": {model: rows for model, (rows, _) in found.items()}})
        return
    for _, views in found.values():
        for view in views:
            out.print(view)


def _transcripts(run: Path, episode: str, shown: EpisodeViews) -> tuple[list[dict[str, Any]], list[Any]]:
    """Return the episodes of a run that EPISODE names, as JSON and as views."""
    with reader.reading(run / STORE) as base:
        picked = chosen(list(reader.episodes(base)), episode)
        return [_as_json(row, base) for row in picked], [shown.of(base, row) for row in picked]


def _write_transcripts(folder: Path, episode: str | None, images: Path | None, html: Path | None) -> None:
    """Save the pictures of the episodes, and write their transcripts as a page."""
    with reader.reading(folder / STORE) as base:
        description, drawings = read_description(folder), Drawings(folder)
        rows = chosen(list(reader.episodes(base)), episode)
        if images:
            saved = save_images(base, [event for row in rows for event in reader.events(base, row.id)], images)
            out.print(plain(f"{saved} picture{'' if saved == 1 else 's'}: {images}"), soft_wrap=True)
        if html:
            dialogues = [(row, read_dialogue(base, row, description)) for row in rows]
            shown = [(dialogue, drawings.of(row, dialogue.events)[0]) for row, dialogue in dialogues]
            page = transcript_page(shown, lambda image: reader.image(base, image.digest))
            with new_file(html, UsageError) as draft:
                draft.path.write_text(page, encoding="utf-8")
            out.print(plain(f"transcripts: {html}"), soft_wrap=True)


def _show_run(
    folder: Path, episode: str | None, limit: int, load: Path | None, views: EpisodeViews, *, as_json: bool
) -> None:
    with reader.reading(folder / STORE) as base:
        if load:
            check_picture(load)
            draw_loads(diagnostics.loads(base), load)
            out.print(plain(f"width and load over time: {load}"), soft_wrap=True)
            return
        rows = list(reader.episodes(base))
        picked = chosen(rows, episode)
        if as_json:
            summary = summarize_run(folder).as_json()
            print_json({**summary, "transcripts": [_as_json(row, base) for row in picked]} if episode else summary)
            return
        if episode is None:
            out.print(results_of(summarize_run(folder)))
            out.print(_episode_table(rows, limit))
            picked = [row for row in picked if row.outcome is not None][:1] or picked[:1]
        for row in picked:
            out.print(views.of(base, row))
        if episode is None and len(rows) > 1:
            out.print(plain(f"another one: clemsim show {folder} EPISODE   (its number or label)", "dim"), soft_wrap=True)


def _episode_table(rows: Sequence[EpisodeRow], limit: int) -> RichTable:
    """Return the list of episodes; a column of qualities or of scores by seat only where there are any."""
    table = RichTable(title=f"{min(limit, len(rows))} of {len(rows)} episodes", title_justify="left")
    outcomes = [row.outcome for row in rows if row.outcome]
    by_seat = any(outcome.by_seat is not None for outcome in outcomes)
    shared = not by_seat or any(outcome.quality is not None for outcome in outcomes)
    optional = (["quality"] if shared else []) + (["scores"] if by_seat else [])
    for name in ("", "episode", "agent", "outcome", *optional, "reason"):
        table.add_column(name, overflow="fold")
    for row in rows[:limit]:
        outcome = row.outcome
        kind = outcome.kind if outcome else row.status
        reason = (outcome.reason if outcome else row.detail or row.cause) or ""
        cells = {
            "quality": "" if outcome is None or outcome.quality is None else f"{outcome.quality:.1f}",
            "scores": scores_by_seat((outcome.by_seat if outcome else None) or {}, NAMED_SEATS),
        }
        names = plain(row.key.label), plain(row.key.cast)
        table.add_row(str(row.id), *names, kind, *(plain(cells[name]) for name in optional), plain(reason, "", 80))
    return table


def _as_json(row: EpisodeRow, base: sqlite3.Connection) -> dict[str, Any]:
    return {
        "episode": row.id,
        "label": row.key.label,
        "agent": row.key.cast,
        "status": row.status,
        "instance": row.data,
        "events": [event_json(event) for event in reader.events(base, row.id)],
    }
