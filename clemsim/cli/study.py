"""`clemsim study`: a matrix of models, suites and seeds, played as one."""

from __future__ import annotations

import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any

import typer

from clemsim._util.text import plain
from clemsim.cli.common import UNFINISHED, err, fail, one_line, print_json, run_async
from clemsim.cli.common import out as stdout
from clemsim.cli.view import progress
from clemsim.cli.view.studies import outcome, planned
from clemsim.study.plan import Study, plan, read_study
from clemsim.study.study_runner import MemberStatus, StudyRun, counted, is_study, read_folder, run_study

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def study(
    path: Annotated[
        Path, typer.Argument(metavar="STUDY.toml", help="What to play, or the folder of a study to go on with.")
    ],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where to put the study; studies/NAME unless given.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a study; fail where there is none yet.")] = False,
    parallel: Annotated[int | None, typer.Option(min=1, help="Play so many runs side by side.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be played, and play nothing.")] = False,
    json: Json = False,
) -> None:
    """Play models x access methods x quantisations x suites x seeds: a run for each, and an index of them.

    The same command goes on with a study that was stopped, or in which a run failed. Exit code 1: something is missing yet.

    Examples:

      clemsim study study.toml --dry-run

      clemsim study study.toml --out studies/small --parallel 2
    """
    with one_line():
        found, folder = _named(path, out)
        if resume and not is_study(folder):
            fail(f"there is no study at {folder} to go on with: leave out --resume")
        if dry_run:
            _say_plan(found, as_json=json)
            return
        _play(found, folder, parallel, as_json=json)


def go_on(folder: Path, *, as_json: bool) -> None:
    """Go on with the study in a folder."""
    _play(read_folder(folder), folder, None, as_json=as_json)


def _named(path: Path, out: Path | None) -> tuple[Study, Path]:
    """The study, and the folder that it is played into. Raises UsageError."""
    if path.is_dir():
        if out:
            fail(f"{path} is a study's folder already: leave out --out")
        return read_folder(path), path
    found = read_study(path)
    return found, out or Path("studies") / found.name


def _say_plan(found: Study, *, as_json: bool) -> None:
    rows = [{**_about(each), "episodes": each.episodes} for each in counted(plan(found))]
    if as_json:
        print_json({"study": found.name, "episodes": sum(row["episodes"] for row in rows), "runs": rows})
        return
    stdout.print(planned(rows))


def _play(found: Study, folder: Path, parallel: int | None, *, as_json: bool) -> None:
    conducted = run_async(run_study(found, folder, _watch, parallel))
    rows = [_row(each) for each in conducted.standings]
    missing = sum(1 for row in rows if row["why"])
    if as_json:
        print_json({"study": str(folder), "runs": rows, "missing": missing})
    else:
        stdout.print(outcome(rows))
        stdout.print(plain(f"study: {folder}   (read a run: clemsim show {folder}/{rows[0]['run']})"), soft_wrap=True)
    if missing:
        why = "stopped" if conducted.stopped else f"{missing} of {len(rows)} runs are not whole"
        err.print(plain(f"{why}; go on with: clemsim resume {folder}", "yellow"), soft_wrap=True)
        raise typer.Exit(UNFINISHED)


async def _watch(conducted: StudyRun) -> None:
    """Show progress; Ctrl-C leaves every run where it is, the second one does not wait."""
    loop = asyncio.get_running_loop()
    runs, episodes = len(conducted.standings), conducted.progress().episodes
    text = f"playing {episodes} episodes in {runs} runs into {conducted.folder} (Ctrl-C stops, nothing is lost)"
    err.print(plain(text), soft_wrap=True)
    conducted.told = _tell

    def stop() -> None:
        loop.remove_signal_handler(signal.SIGINT)
        conducted.stop()

    with suppress(NotImplementedError):
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop)
    await progress.show(err, conducted.progress, conducted.points, lambda: conducted.heading)


def _tell(standing: MemberStatus) -> None:
    """One line for a run that is over."""
    name = standing.member.run
    if standing.summary is None:
        err.print(plain(f"clemsim: {name} failed: {standing.why}", "red"), soft_wrap=True)
        return
    if standing.live is None:
        return  # it was whole before
    score = standing.summary.clemscore
    said = f"{name}: clemscore {'–' if score is None else format(score, '.2f')}, {standing.seconds:.0f} s"
    err.print(plain(f"{said}; {standing.why}" if standing.why else said, "yellow" if standing.why else ""), soft_wrap=True)


def _about(standing: MemberStatus) -> dict[str, Any]:
    member = standing.member
    suite = Path(member.config.suite).stem
    about = {"run": member.run, "label": member.label, "suite": suite, "seed": member.config.seed}
    return {**about, "constrained": member.config.constrain}


def _row(standing: MemberStatus) -> dict[str, Any]:
    summary = standing.summary
    why = standing.why or ("" if summary and not summary.unfinished else "stopped")
    scores = {name: getattr(summary, name, None) for name in ("episodes", "unfinished", "played", "quality", "clemscore")}
    return {**_about(standing), **scores, "seconds": round(standing.seconds, 1), "why": why}
