"""`clemsim`: all its commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer import Abort
from typer.exceptions import TyperException

from clemsim import __version__
from clemsim.cli import (
    analyze,
    canary,
    compare,
    doctor,
    formats,
    play,
    replay,
    resume,
    run,
    score,
    serve_fake,
    show,
    stress,
    study,
    suite,
    verify,
    width,
)
from clemsim.cli import list as listing
from clemsim.cli.common import DONE, USAGE, say
from clemsim.cli.signals import SIGNALS
from clemsim.errors import UsageError

INTERRUPTED = 130  # what typer makes of a KeyboardInterrupt

app = typer.Typer(
    name="clemsim",
    help="Plays many conversational games at once, with language models in the seats.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
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

    Ctrl-C stops a run where it is, and a second one ends the process at once; SIGTERM does the same. Nothing is lost.

    Exit codes: 0 done, 1 some episodes unfinished, 2 what was named is wrong or missing, or the run could not go on,
    130 and 143 ended by Ctrl-C or SIGTERM.
    """
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


app.command("run")(run.run)
app.command("resume")(resume.resume)
app.command("score")(score.score)
app.command("width")(width.width)
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
app.command("canary")(canary.canary)
app.command("stress")(stress.stress_)
app.command("serve-fake")(serve_fake.serve_fake)
app.add_typer(suite.app, name="suite")
app.add_typer(formats.importing, name="import")


def check_text(words: Sequence[str]) -> None:
    """Raise UsageError for a word that is not UTF-8: nothing that is recorded could hold it."""
    for word in words:
        if any("\ud800" <= char <= "\udfff" for char in word):
            raise UsageError(f"{word!r} is not UTF-8 text: give another name")


def call() -> int:
    """Run the command that the command line names and return its exit code. A wrong option gets one line, like any other
    mistake.
    """
    try:
        check_text(sys.argv)
        code: int = app(prog_name="clemsim", standalone_mode=False) or DONE
        return SIGNALS.exit_code if code == INTERRUPTED else code
    except TyperException as error:
        context = getattr(error, "ctx", None)
        say(f"{error.format_message()} (see {context.command_path if context else 'clemsim'} --help)")
    except UsageError as error:
        say(str(error))
    except Abort:
        say("stopped")
    return USAGE
