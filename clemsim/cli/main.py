"""`clemsim`: all its commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import ValidationError
from typer import Abort
from typer.exceptions import TyperException

from clemsim import __version__
from clemsim.cli import analyze, compare, doctor, formats, play, replay, serve_fake, show, stress, study, suite, verify
from clemsim.cli import list as listing
from clemsim.cli.common import DONE, USAGE, fail, finish, one_line, run_async, say, watcher
from clemsim.runs import run
from clemsim.runs.width_control import request_width
from clemsim.runs.workers.cluster import WorkerOptions
from clemsim.runtime.limits import Limits
from clemsim.store.config import RunConfig, parse_width
from clemsim.study.study_runner import is_study

app = typer.Typer(
    name="clemsim",
    help="Plays many conversational games at once, with language models in the seats.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
WorkerCount = Annotated[int | None, typer.Option(min=1, help="Play in so many processes (extra `ray`).")]
RayAddress = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Play on this Ray cluster; auto: the one that runs here."),
]
IsolateCache = Annotated[
    bool, typer.Option("--isolate-cache", help="Use nothing of a vLLM server's prefix cache that others left there.")
]
SuiteName = Annotated[str, typer.Option("--suite", help="What to play: a name (`clemsim list suites`), a file or a folder.")]
RunFolder = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.")]

MaxRequests = Annotated[int | None, typer.Option(min=1, help="Make no more requests than this, then stop.")]
MaxTokensTotal = Annotated[int | None, typer.Option(min=1, help="Spend no more tokens (in and out) than this, then stop.")]
EpisodeTokens = Annotated[int | None, typer.Option(min=1, help="Give an episode up when it has spent so many tokens.")]
EpisodeSeconds = Annotated[float | None, typer.Option(min=0.001, help="Give an episode up when it has lasted so long.")]

Width = Annotated[
    str,
    typer.Option(help="Turns in flight of each agent: a number, or auto: what its servers can take, found while playing."),
]

SPEC_HELP = (
    "Who plays; repeat for several. local, local:PATH.gguf, MODEL@URL (replicas: MODEL@URL,URL), "
    "vllm:MODEL?flag=value (a server started for the run), vllm-engine:MODEL?flag=value (vLLM in this process), "
    "baseline, random, human, replay:RUN, path/to/agent.py:Class; seat=SPEC for one seat."
)
STOP_HELP = (
    "End the run when this is answered: 'A > B' (two agents of the run), 'ci(clemscore) < 10' (points; also ci(played), "
    "ci(quality), and of one game: ci(quality, taboo)). May be looked at any time: the error stays at 5 %."
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clemsim {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Plays many conversational games at once, with language models in the seats.

    Exit codes: 0 done, 1 some episodes unfinished, 2 what was named is wrong or missing, or the run could not go on.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command("run")
def run_(
    suite_: SuiteName = "quick",
    arena: Annotated[list[str] | None, typer.Option(help="Only this game, or path/to/game.py:Class; repeat.")] = None,
    agent: Annotated[list[str] | None, typer.Option(metavar="SPEC", help=SPEC_HELP)] = None,
    instances: Annotated[int | None, typer.Option(min=1, help="At most so many instances of each experiment.")] = None,
    repetitions: Annotated[int, typer.Option(min=1, help="Play every instance so many times.")] = 1,
    seed: Annotated[int, typer.Option(help="Decides every draw of the run.")] = 0,
    width: Width = "auto",
    temperature: Annotated[float, typer.Option(min=0.0, help="0: always the likeliest token.")] = 0.0,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest reply in tokens.")] = 300,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Where to put the run; a new folder under runs/.")] = None,
    constrain: Annotated[bool, typer.Option("--constrain", help="Hold replies to the format of each ask.")] = False,
    isolate_cache: IsolateCache = False,
    batch: Annotated[int, typer.Option(min=1, help="Send up to so many turns in one request (vLLM).")] = 1,
    stop_when: Annotated[str | None, typer.Option(metavar="RULE", help=STOP_HELP)] = None,
    workers: WorkerCount = None,
    ray: RayAddress = None,
    max_requests: MaxRequests = None,
    max_tokens_total: MaxTokensTotal = None,
    episode_tokens: EpisodeTokens = None,
    episode_seconds: EpisodeSeconds = None,
    json: Json = False,
) -> None:
    """Play a suite and print the results. What a limit leaves unfinished, `clemsim resume` plays.

    Examples:

      clemsim run --agent local --agent baseline

      clemsim run --suite paper --agent qwen2.5-7b@http://127.0.0.1:8000/v1 --repetitions 3

      clemsim run --suite paper --agent qwen2.5-7b@http://10.0.0.1:8000,http://10.0.0.2:8000

      clemsim run --suite paper --agent baseline --workers 2

      clemsim run --arena taboo --agent describer=local --agent guesser=baseline --json

      clemsim run --suite paper --agent local --agent baseline --stop-when "baseline > local"
    """
    with one_line():
        config = _config(
            suite=suite_,
            arenas=tuple(arena or ()),
            agents=tuple(agent or ("local",)),
            instances=instances,
            repetitions=repetitions,
            seed=seed,
            width=parse_width(width),
            temperature=temperature,
            max_tokens=max_tokens,
            constrain=constrain,
            isolate_cache=isolate_cache,
            batch=batch,
            stop_when=stop_when,
        )
        stopped: list[bool] = []
        limits = Limits(max_requests, max_tokens_total, episode_tokens, episode_seconds)
        summary = run_async(run.play(config, out, watcher(stopped), limits, workers=_workers(workers, ray)))
        finish(summary, as_json=json, stopped=bool(stopped))


@app.command()
def resume(
    folder: RunFolder,
    width: Annotated[str | None, typer.Option(help="Another width than before: a number, or auto.")] = None,
    to_the_end: Annotated[bool, typer.Option("--to-the-end", help="Play what an answered question left.")] = False,
    workers: WorkerCount = None,
    ray: RayAddress = None,
    max_requests: MaxRequests = None,
    max_tokens_total: MaxTokensTotal = None,
    episode_tokens: EpisodeTokens = None,
    episode_seconds: EpisodeSeconds = None,
    json: Json = False,
) -> None:
    """Go on with a run that was stopped or left episodes unfinished, or with a study. Limits count anew.

    Example: clemsim resume runs/20261123-120000-quick
    """
    with one_line():
        if is_study(folder):
            if any((width, to_the_end, workers, ray, max_requests, max_tokens_total, episode_tokens, episode_seconds)):
                fail(f"{folder} is a study, whose runs are played as it says: give no option but --json")
            study.go_on(folder, as_json=json)
            return
        stopped: list[bool] = []
        limits = Limits(max_requests, max_tokens_total, episode_tokens, episode_seconds)
        changes = {} if width is None else {"width": parse_width(width)}
        changes |= {"stop_when": None} if to_the_end else {}
        summary = run_async(run.resume(folder, watcher(stopped), limits, _workers(workers, ray), None, **changes))
        finish(summary, as_json=json, stopped=bool(stopped))


def _config(**options: Any) -> RunConfig:
    """What the options say. Leaves with one line where they can't be."""
    try:
        return RunConfig(**options)
    except ValidationError as error:
        first = error.errors()[0]
        said = first["msg"].removeprefix("Value error, ")
        fail(f"--{str(first['loc'][0]).replace('_', '-')}: {said}" if first["loc"] else said)


def _workers(count: int | None, address: str | None) -> WorkerOptions | None:
    return WorkerOptions(count or 2, address) if count or address else None


@app.command()
def score(folder: RunFolder, json: Json = False) -> None:
    """Compute all scores of a run anew from its transcripts.

    Example: clemsim score runs/20261123-120000-quick --json
    """
    with one_line():
        finish(run.rescore(folder), as_json=json)


@app.command("width")
def width_(folder: RunFolder, turns: Annotated[str, typer.Argument(metavar="WIDTH", help="A number, or auto.")]) -> None:
    """Change how many turns of each agent are in flight, while a run goes on in another process.

    Example: clemsim width runs/20261123-120000-quick 32
    """
    with one_line():
        request_width(folder, turns)
        typer.echo(f"width {turns}: {folder} takes it up within a second")


app.command("show")(show.show)
app.command("replay")(replay.replay)
app.command("branch")(replay.branch)
app.command("play")(play.play)
app.command("list")(listing.list_)
app.command("study")(study.study)
app.command("doctor")(doctor.doctor)
app.command("export")(formats.export)
app.command("verify")(verify.verify)
app.command("analyze")(analyze.analyze)
app.command("compare")(compare.compare)
app.command("stress")(stress.stress_)
app.command("serve-fake")(serve_fake.serve_fake)
app.add_typer(suite.app, name="suite")
app.add_typer(formats.importing, name="import")


def main() -> int:
    """Entry point of the `clemsim` command: the exit code. A wrong option gets one line, like any other wrong word."""
    try:
        return app(prog_name="clemsim", standalone_mode=False) or DONE
    except TyperException as error:
        context = getattr(error, "ctx", None)
        say(f"{error.format_message()} (see {context.command_path if context else 'clemsim'} --help)")
    except Abort:
        say("stopped")
    return USAGE


if __name__ == "__main__":
    sys.exit(main())
