"""`clemsim study`: plays a matrix of models, suites and seeds as one study."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from clemsim._util.text import plain
from clemsim.catalog.trust import Trust
from clemsim.cli.common import err, fail, one_line, print_json, run_async, show_slow_step, show_warnings
from clemsim.cli.common import out as stdout
from clemsim.cli.exit_codes import UNFINISHED
from clemsim.cli.network import takes_network
from clemsim.cli.options import JsonOption, LikeOption, TrustOption
from clemsim.cli.preflight import show_forecast
from clemsim.cli.signals import SIGNALS
from clemsim.cli.view import progress
from clemsim.cli.view.studies import outcome_view, planned_view
from clemsim.engines.connect import NetworkOptions
from clemsim.results.costs import AgentCost, run_cost
from clemsim.results.run_summary import RunSummary
from clemsim.runs.planning import RunPlan, read_earlier, total
from clemsim.study.leaderboard import Place, Setting, detectable, places, played_by_setting
from clemsim.study.plan import Study, plan, read_study
from clemsim.study.rows import OutcomeRow, PlannedRow, PlannedStudy, StudyOutcome
from clemsim.study.study_runner import MemberStatus, StudyRun, is_study, plan_members, read_folder, run_study


@takes_network
def study(
    path: Annotated[Path, typer.Argument(metavar="STUDY.toml", help="A study file, or the folder of a study to resume.")],
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="The folder of the study; studies/NAME unless given.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Resume a study; fail where there is none yet.")] = False,
    parallel: Annotated[int | None, typer.Option(min=1, help="The number of runs that are played at a time.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the runs, what they could show and what they cost, and play nothing.")
    ] = False,
    like: LikeOption = None,
    trust: TrustOption = False,
    json: JsonOption = False,
    network: NetworkOptions = NetworkOptions(),  # noqa: B008 (frozen; made of the options of takes_network)
) -> None:
    """Play models x access methods x quantisations x suites x seeds: a run for each, and an index of them.

    The same command resumes a study that was stopped, or in which a run failed. Exit code 1: a run is not complete.

    Examples:

      clemsim study study.toml --dry-run --like runs/20261123-120000-quick

      clemsim study study.toml --out studies/small --parallel 2
    """
    with one_line():
        named, folder = _named(path, out)
        if resume and not is_study(folder):
            fail(f"there is no study at {folder} to resume: leave out --resume")
        if dry_run:
            _print_plan(named, like, network, Trust(trust, named_by=str(path)), as_json=json)
            return
        _play(named, folder, parallel, network, Trust(trust, named_by=str(path)), like, as_json=json)


def go_on(folder: Path, network: NetworkOptions, *, trust: bool, as_json: bool) -> None:
    """Resume the study in a folder."""
    _play(read_folder(folder), folder, None, network, Trust(trust, named_by=str(folder)), None, as_json=as_json)


def _named(path: Path, out: Path | None) -> tuple[Study, Path]:
    """Return the study at `path`, and the folder that it is played into. Raises UsageError."""
    if path.is_dir():
        if out:
            fail(f"{path} is already the folder of a study: leave out --out")
        return read_folder(path), path
    named = read_study(path)
    return named, out or Path("studies") / named.name


def _print_plan(named: Study, like: Path | None, network: NetworkOptions, trust: Trust, *, as_json: bool) -> None:
    plans = plan_members(plan(named, trust), network, trust, read_earlier(like) if like else None)
    rows = tuple(_planned(status, run_plan) for status, run_plan in plans)
    planned = PlannedStudy(
        study=named.name,
        episodes=sum(row.episodes for row in rows),
        turns=sum(row.turns for row in rows),
        tokens_in=total([row.tokens_in for row in rows]),
        tokens_out=total([row.tokens_out for row in rows]),
        price=sum(priced) if (priced := [row.price for row in rows if row.price is not None]) else None,
        variance_from=plans[0][1].variance_from,
        costs_from=plans[0][1].costs_from,
        notes=tuple(dict.fromkeys(note for _, run_plan in plans for note in run_plan.notes)),
        runs=rows,
    )
    if as_json:
        print_json(planned.model_dump())
        return
    stdout.print(planned_view(planned))


def _play(
    named: Study,
    folder: Path,
    parallel: int | None,
    network: NetworkOptions,
    trust: Trust,
    like: Path | None,
    *,
    as_json: bool,
) -> None:
    study_run = run_async(run_study(named, folder, _watch, parallel, network, trust, show_forecast, like))
    rows = _outcomes(study_run)
    costs = [row.cost.total for row in rows if row.cost]
    missing = sum(1 for row in rows if row.why)
    outcome = StudyOutcome(study=str(folder), runs=rows, missing=missing, cost=sum(costs) if costs else None)
    if as_json:
        print_json(outcome.model_dump())
    else:
        stdout.print(outcome_view(outcome))
        stdout.print(plain(f"study: {folder}   (read a run: clemsim show {folder}/{rows[0].run})"), soft_wrap=True)
    if outcome.missing:
        reason = "stopped" if study_run.stopped else f"{outcome.missing} of {len(rows)} runs are not complete"
        err.print(plain(f"{reason}; go on with: clemsim resume {folder}", "yellow"), soft_wrap=True)
        raise typer.Exit(UNFINISHED)


async def _watch(study_run: StudyRun) -> None:
    """Show progress. The first Ctrl-C or SIGTERM stops all runs, which can be resumed."""
    runs, episodes = len(study_run.members), study_run.progress().episodes
    text = f"playing {episodes} episodes in {runs} runs into {study_run.folder} (Ctrl-C stops, nothing is lost)"
    err.print(plain(text), soft_wrap=True)
    show_warnings(study_run.warnings)
    study_run.on_over = _print_over
    study_run.on_slow_step = show_slow_step
    SIGNALS.on_stop(study_run.stop)
    await progress.show(err, study_run.progress, study_run.points, lambda: study_run.heading)


def _print_over(status: MemberStatus) -> None:
    """Print a line for a run that is over; none for a run that was complete before."""
    name = status.member.run
    if status.summary is None:
        err.print(plain(f"clemsim: {name} failed: {status.why}", "red"), soft_wrap=True)
        return
    if status.live is None:
        return
    score = status.summary.clemscore
    text = f"{name}: clemscore {'–' if score is None else format(score, '.2f')}, {status.seconds:.0f} s"
    text += f", cost {cost.total:.4g}" if (cost := _cost(status.summary)) else ""
    err.print(plain(f"{text}; {status.why}" if status.why else text, "yellow" if status.why else ""), soft_wrap=True)


def _cost(summary: RunSummary) -> AgentCost | None:
    """Return what all agents of a run cost together; None where none has a price."""
    return run_cost((summary.costs or {}).values(), summary.episodes, summary.worth)


def _planned(status: MemberStatus, run_plan: RunPlan) -> PlannedRow:
    member, worth, cost = status.member, run_plan.score("worth"), run_plan.cost
    return PlannedRow(
        run=member.run,
        label=member.label,
        suite=member.suite,
        seed=member.config.seed,
        constrained=member.config.constrain,
        episodes=status.episodes,
        detectable=worth.detectable if worth else None,
        width=worth.width if worth else None,
        turns=cost.turns,
        most=cost.most,
        tokens_in=cost.tokens_in,
        tokens_out=cost.tokens_out,
        price=run_plan.price,
    )


def _outcomes(study_run: StudyRun) -> tuple[OutcomeRow, ...]:
    """Return the row of each run, with its place on the leaderboard where the extra `analysis` can tell it."""
    played = played_by_setting(study_run.folder, (status.member for status in study_run.members))
    ranked, seen = places(played), detectable(played)
    return tuple(_outcome(status, ranked.get(status.member.run), seen) for status in study_run.members)


def _outcome(status: MemberStatus, place: Place | None, seen: Mapping[Setting, float]) -> OutcomeRow:
    member, summary = status.member, status.summary
    intervals = {score: ends for score, ends in summary.ci if ends} if summary else {}
    least = seen.get((member.suite, member.config.seed, member.config.constrain)) if member.player else None
    return OutcomeRow(
        run=member.run,
        label=member.label,
        suite=member.suite,
        seed=member.config.seed,
        constrained=member.config.constrain,
        episodes=summary.episodes if summary else None,
        unfinished=summary.unfinished if summary else None,
        played=summary.played if summary else None,
        quality=summary.quality if summary else None,
        clemscore=summary.clemscore if summary else None,
        worth=summary.worth if summary else None,
        intervals=intervals,
        rank_low=place.low if place else None,
        rank_high=place.high if place else None,
        tier=place.tier if place else None,
        detectable=None if least is None else round(least, 2),
        seconds=round(status.seconds, 1),
        cost=_cost(summary) if summary else None,
        why=status.why or ("" if summary and not summary.unfinished else "stopped"),
    )
