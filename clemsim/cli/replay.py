"""`clemsim replay` and `clemsim branch`: recorded episodes, driven again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from clemsim._util.text import plain
from clemsim.cli.common import UNFINISHED, finish, one_line, print_json, run_async, watcher
from clemsim.cli.common import out as stdout
from clemsim.runs.replay import branch as branched
from clemsim.runs.replay import replay as replayed
from clemsim.store.config import RunConfig

RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]


def replay(
    folder: RunFolder,
    episode: Annotated[str | None, typer.Argument(help="Number or label; all of them unless given.")] = None,
    json: Json = False,
) -> None:
    """Drive recorded replies through the games again and check every ask. Exit code 1 when something differs.

    Example: clemsim replay runs/20261123-120000-quick taboo/high_en/0
    """
    with one_line():
        found = list(replayed(folder, episode))
        wrong = [each for each in found if each.problem]
        turns = sum(each.turns for each in found)
        if json:
            problems = [{"episode": each.row.id, "label": each.row.key.label, "problem": each.problem} for each in wrong]
            print_json({"episodes": len(found), "turns": turns, "problems": problems})
        else:
            for each in wrong:
                stdout.print(plain(f"{each.row.key.label} of {each.row.key.cast}: {each.problem}", "red"), soft_wrap=True)
            stdout.print(plain(f"{len(found) - len(wrong)} of {len(found)} episodes ({turns} turns) are as recorded"))
        if wrong:
            raise typer.Exit(UNFINISHED)


def branch(
    folder: RunFolder,
    episode: Annotated[str, typer.Argument(help="Its number or label.")],
    turn: Annotated[int, typer.Option(min=1, help="Whose reply shall be another one.")],
    agent: Annotated[list[str] | None, typer.Option(metavar="SPEC", help="Who plays on; as in `clemsim run`.")] = None,
    n: Annotated[int, typer.Option("-n", min=1, help="How many continuations.")] = 1,
    seed: Annotated[int, typer.Option(help="Decides every draw.")] = 0,
    temperature: Annotated[float, typer.Option(min=0.0, help="0: always the likeliest token.")] = 0.0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest reply in tokens.")] = 300,
    constrain: Annotated[bool, typer.Option("--constrain", help="Hold replies to the format of each ask.")] = False,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to put the run; a new folder under runs/.")] = None,
    json: Json = False,
) -> None:
    """Play an episode on from one of its turns, several times: a run of its own.

    Example: clemsim branch runs/20261123-120000-quick 7 --turn 3 --agent local --temperature 0.8 -n 10
    """
    with one_line():
        config = RunConfig(
            agents=tuple(agent or ("local",)),
            repetitions=n,
            seed=seed,
            temperature=temperature,
            max_tokens=max_tokens,
            constrain=constrain,
        )
        stopped: list[bool] = []
        summary = run_async(branched(folder, episode, turn, config, out, watcher(stopped)))
        finish(summary, as_json=json, stopped=bool(stopped))
