"""`clemsim resume`: go on with a run or a study."""

from __future__ import annotations

from typing import Annotated

import typer

from clemsim.cli import options, study
from clemsim.cli.common import fail, finish, one_line, run_async, watcher
from clemsim.cli.network import takes_network
from clemsim.cli.preflight import telling_cost
from clemsim.cli.run import worker_options
from clemsim.engines.connect import NetworkOptions
from clemsim.runs import run as runs
from clemsim.runtime.limits import Limits
from clemsim.store.config import parse_width
from clemsim.store.study_index import is_indexed
from clemsim.study.study_runner import is_study


@takes_network
def resume(
    folder: options.RunArgument,
    width: Annotated[str | None, typer.Option(help="Another width than before: a number, or auto.")] = None,
    to_the_end: Annotated[
        bool, typer.Option("--to-the-end", help="Play what an answered stopping rule left unplayed.")
    ] = False,
    workers: options.WorkersOption = None,
    ray: options.RayOption = None,
    max_requests: options.MaxRequestsOption = None,
    max_tokens_total: options.MaxTokensTotalOption = None,
    max_cost: options.MaxCostOption = None,
    episode_tokens: options.EpisodeTokensOption = None,
    episode_seconds: options.EpisodeSecondsOption = None,
    trust: options.TrustOption = False,
    json: options.JsonOption = False,
    network: NetworkOptions = NetworkOptions(),  # noqa: B008 (frozen; made of the options of takes_network)
) -> None:
    """Go on with a run that was stopped or left episodes unfinished, or with a study. Limits count anew, and options of the
    network are not remembered.

    Example: clemsim resume runs/20261123-120000-quick
    """
    with one_line():
        if is_study(folder):
            spent = (max_requests, max_tokens_total, max_cost, episode_tokens, episode_seconds)
            if any((width, to_the_end, workers, ray, *spent)):
                fail(f"{folder} is a study, played as it says: give no option but --trust, --json and those of the network")
            study.go_on(folder, network, trust=trust, as_json=json)
            return
        if is_indexed(folder):
            fail(f"{folder} is a study that was imported: it can be shown, analysed and exported, but not played")
        stopped: list[bool] = []
        limits = Limits(max_requests, max_tokens_total, episode_tokens, episode_seconds, max_cost)
        changes: dict[str, int | None] = {} if width is None else {"width": parse_width(width)}
        changes |= {"stop_when": None} if to_the_end else {}
        workers_ = worker_options(workers, ray)
        tell = telling_cost(most=max_cost)
        playing = runs.resume(folder, watcher(stopped), limits, workers_, None, changes, network, tell, trust=trust)
        summary = run_async(playing)
        finish(summary, as_json=json, stopped=bool(stopped))
