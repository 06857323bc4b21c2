"""`clemsim run`: play a suite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError

from clemsim.catalog.models import read_agents
from clemsim.catalog.trust import Trust
from clemsim.cli import options
from clemsim.cli.common import fail, finish, one_line, print_json, run_async, watcher
from clemsim.cli.common import out as out_console
from clemsim.cli.network import takes_network
from clemsim.cli.preflight import telling_cost
from clemsim.cli.view.plans import plan_view
from clemsim.engines.connect import NetworkOptions
from clemsim.runs import run as runs
from clemsim.runs.planning import plan_run, read_earlier
from clemsim.runs.prepare import prepare
from clemsim.runs.references import with_population
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runtime.limits import Limits
from clemsim.store.config import RunConfig, parse_width


@takes_network
def run(
    suite_: options.SuiteOption = "quick",
    arena: Annotated[list[str] | None, typer.Option(help="Only this game, or path/to/game.py:Class; repeat.")] = None,
    agent: options.AgentOption = None,
    agents: options.AgentsOption = None,
    rules: options.RulesOption = None,
    instances: Annotated[int | None, typer.Option(min=1, help="At most so many instances of each experiment.")] = None,
    repetitions: Annotated[int, typer.Option(min=1, help="Play every instance so many times.")] = 1,
    seed: options.SeedOption = 0,
    width: options.WidthOption = "auto",
    temperature: options.TemperatureOption = 0.0,
    max_tokens: options.MaxTokensOption = 300,
    out: options.OutOption = None,
    constrain: options.ConstrainOption = False,
    logprobs: options.LogprobsOption = 0,
    tokens: options.TokensOption = False,
    isolate_cache: options.IsolateCacheOption = False,
    batch: options.BatchOption = 1,
    stop_when: Annotated[str | None, typer.Option(metavar="RULE", help=options.STOP_HELP)] = None,
    workers: options.WorkersOption = None,
    ray: options.RayOption = None,
    max_requests: options.MaxRequestsOption = None,
    max_tokens_total: options.MaxTokensTotalOption = None,
    max_cost: options.MaxCostOption = None,
    episode_tokens: options.EpisodeTokensOption = None,
    episode_seconds: options.EpisodeSecondsOption = None,
    pairings: options.PairingsOption = None,
    against: options.AgainstOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what the run could show and what it costs, and play nothing.")
    ] = False,
    like: options.LikeOption = None,
    trust: options.TrustOption = False,
    json: options.JsonOption = False,
    network: NetworkOptions = NetworkOptions(),  # noqa: B008 (frozen; made of the options of takes_network)
) -> None:
    """Play a suite and print the results. What a limit leaves unfinished, `clemsim resume` plays.

    Examples:

      clemsim run --agent local --agent baseline

      clemsim run --suite paper --agent qwen2.5-7b@http://127.0.0.1:8000/v1 --repetitions 3

      clemsim run --suite paper --agent qwen2.5-7b@http://10.0.0.1:8000,http://10.0.0.2:8000

      clemsim run --agent "local" --agent "local?temperature=0.7&name=hot" --agent "local?system=Be brief."

      clemsim run --suite paper --agent baseline --workers 2

      clemsim run --arena taboo --agent describer=local --agent guesser=baseline --json

      clemsim run --arena taboo --agent local --agent baseline --pairings all

      clemsim run --suite paper --agent local --agent baseline --stop-when "baseline > local"

      clemsim run --suite paper --agent local --repetitions 3 --dry-run --like runs/20261123-120000-quick
    """
    with one_line():
        config = make_config(
            suite=suite_,
            arenas=tuple(arena or ()),
            agents=named_agents(agent, agents),
            rules=rules,
            instances=instances,
            repetitions=repetitions,
            seed=seed,
            width=parse_width(width),
            temperature=temperature,
            max_tokens=max_tokens,
            constrain=constrain,
            logprobs=logprobs,
            tokens=tokens,
            isolate_cache=isolate_cache,
            batch=batch,
            stop_when=stop_when,
            pairings=pairings,
        )
        if against:
            config = with_population(config, against, Trust(trust))
        if dry_run:
            print_plan(config, like, network, Trust(trust), as_json=json)
            return
        stopped: list[bool] = []
        limits = Limits(max_requests, max_tokens_total, episode_tokens, episode_seconds, max_cost)
        played_by = worker_options(workers, ray)
        tell, watch = telling_cost(like, max_cost), watcher(stopped)
        playing = runs.play(config, out, watch, limits, (), played_by, None, network, Trust(trust), tell)
        summary = run_async(playing)
        finish(summary, as_json=json, stopped=bool(stopped))


def named_agents(specs: Sequence[str] | None, file: Path | None) -> tuple[str, ...]:
    """Return the SPECs of `--agent` and `--agents`; the embedded model where there are none. Raises UsageError."""
    return (*(specs or ()), *(read_agents(file) if file else ())) or ("local",)


def print_plan(config: RunConfig, like: Path | None, network: NetworkOptions, trust: Trust, *, as_json: bool) -> None:
    """Print what a run could show, and what it costs. Raises ClemsimError."""
    planned = plan_run(prepare(config, network=network, trust=trust), read_earlier(like) if like else None)
    if as_json:
        print_json(planned)
        return
    out_console.print(plan_view(planned))


def worker_options(count: int | None, address: str | None) -> WorkerOptions | None:
    """Return what `--workers` and `--ray` say; None: play in this process."""
    return WorkerOptions(count or 2, address) if count or address else None


def make_config(**fields: Any) -> RunConfig:
    """Make the configuration. Leaves with one line where the options do not go together."""
    try:
        return RunConfig(**fields)
    except ValidationError as error:
        first = error.errors()[0]
        reason = first["msg"].removeprefix("Value error, ")
        fail(f"--{str(first['loc'][0]).replace('_', '-')}: {reason}" if first["loc"] else reason)
