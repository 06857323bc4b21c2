"""`clemsim replay` and `clemsim branch`: recorded episodes, driven again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from clemsim._util.text import plain
from clemsim.cli.common import finish, one_line, print_json, run_async, watcher
from clemsim.cli.common import out as stdout
from clemsim.cli.exit_codes import UNFINISHED
from clemsim.cli.network import takes_network
from clemsim.cli.options import (
    ConstrainOption,
    JsonOption,
    MaxTokensOption,
    OutOption,
    RunArgument,
    TemperatureOption,
    TrustOption,
)
from clemsim.cli.run import make_config
from clemsim.engines.connect import NetworkOptions
from clemsim.runs.replay import Replayed
from clemsim.runs.replay import branch as branched
from clemsim.runs.replay import replay as replayed


def replay(
    folder: RunArgument,
    episode: Annotated[str | None, typer.Argument(help="Number or label; all of them unless given.")] = None,
    trust: TrustOption = False,
    json: JsonOption = False,
) -> None:
    """Drive recorded replies through the games again and check every ask. Exit code 1 when something differs.

    Example: clemsim replay runs/20261123-120000-quick taboo/high_en/0
    """
    with one_line():
        results = list(replayed(folder, episode, trust=trust))
        wrong = [result for result in results if result.problem]
        turns = sum(result.turns for result in results)
        if json:
            problems = [_problem(result) for result in wrong]
            print_json({"episodes": len(results), "turns": turns, "problems": problems})
        else:
            for result in wrong:
                key = result.row.key
                stdout.print(plain(f"{key.label} of {key.cast}: {result.problem}", "red"), soft_wrap=True)
            stdout.print(plain(f"{len(results) - len(wrong)} of {len(results)} episodes ({turns} turns) are as recorded"))
        if wrong:
            raise typer.Exit(UNFINISHED)


def _problem(result: Replayed) -> dict[str, Any]:
    return {"episode": result.row.id, "label": result.row.key.label, "problem": result.problem}


@takes_network
def branch(
    folder: RunArgument,
    episode: Annotated[str, typer.Argument(help="Number or label of the episode.")],
    turn: Annotated[int, typer.Option(min=1, help="The turn whose reply is replaced.")],
    agent: Annotated[
        list[str] | None, typer.Option(metavar="SPEC", help="The agent that plays on, as in `clemsim run`.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="The number of continuations.")] = 1,
    seed: Annotated[int, typer.Option(help="Decides every draw.")] = 0,
    temperature: TemperatureOption = 0.0,
    max_tokens: MaxTokensOption = 300,
    constrain: ConstrainOption = False,
    out: OutOption = None,
    trust: TrustOption = False,
    json: JsonOption = False,
    network: NetworkOptions = NetworkOptions(),  # noqa: B008 (frozen; made of the options of takes_network)
) -> None:
    """Play an episode on from one of its turns, several times: a run of its own.

    Example: clemsim branch runs/20261123-120000-quick 7 --turn 3 --agent local --temperature 0.8 -n 10
    """
    with one_line():
        config = make_config(
            agents=tuple(agent or ("local",)),
            repetitions=n,
            seed=seed,
            temperature=temperature,
            max_tokens=max_tokens,
            constrain=constrain,
        )
        stopped: list[bool] = []
        playing = branched(folder, episode, turn, config, out, watcher(stopped), network, trust=trust)
        summary = run_async(playing)
        finish(summary, as_json=json, stopped=bool(stopped))
