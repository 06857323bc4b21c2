"""`clemsim`: all its commands. Only the command that is called is loaded: all of them together take most of a second."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any

import typer
from typer import Abort
from typer.exceptions import TyperException

from clemsim import __version__
from clemsim.cli.exit_codes import DONE, INTERRUPTED, USAGE
from clemsim.cli.signals import SIGNALS
from clemsim.errors import UsageError

# The module in this package of each command, and its function there, in the order in which `--help` shows them.
COMMANDS = {
    "run": "run:run",
    "resume": "resume:resume",
    "score": "score:score",
    "width": "width:width",
    "show": "show:show",
    "view": "view_command:view",
    "report": "report:report",
    "replay": "replay:replay",
    "branch": "replay:branch",
    "play": "play:play",
    "list": "list:list_",
    "study": "study:study",
    "doctor": "doctor:doctor",
    "export": "formats:export",
    "verify": "verify:verify",
    "analyze": "analyze:analyze",
    "compare": "compare:compare",
    "ratings": "ratings:ratings",
    "canary": "canary:canary",
    "stress": "stress:stress_",
    "serve-fake": "serve_fake:serve_fake",
    "serve-env": "serve_env:serve_env",
}
GROUPS = {"suite": "suite:app", "new": "new:app", "import": "formats:importing"}  # commands that have commands of their own


def program(words: Sequence[str] = ()) -> typer.Typer:
    """Return the program for this command line, with the one command that it calls, and else with all of them."""
    app = typer.Typer(
        name="clemsim",
        help="Plays many conversational games at once, with language models in the seats.",
        invoke_without_command=True,
        add_completion=False,
        rich_markup_mode="rich",
        pretty_exceptions_enable=False,
    )
    app.callback()(root)
    called = words[0] if words else ""
    if called != "--version":
        one = called in COMMANDS or called in GROUPS
        for name in [called] if one else COMMANDS:
            if name in COMMANDS:
                app.command(name)(_load(COMMANDS[name]))
        for name in [called] if one else GROUPS:
            if name in GROUPS:
                app.add_typer(_load(GROUPS[name]), name=name)
    return app


def _load(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(f"clemsim.cli.{module}"), name)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"clemsim {__version__}")
        raise typer.Exit


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


def check_text(words: Sequence[str]) -> None:
    """Raise UsageError for a word that is not UTF-8: nothing that is recorded could hold it."""
    for word in words:
        if any("\ud800" <= char <= "\udfff" for char in word):
            raise UsageError(f"{word!r} is not UTF-8 text: give another name")


def call(app: typer.Typer) -> int:
    """Run the command that the command line names and return its exit code. A wrong option gets one line, like any other
    mistake.
    """
    try:
        check_text(sys.argv)
        code: int = app(prog_name="clemsim", standalone_mode=False) or DONE
        return SIGNALS.exit_code if code == INTERRUPTED else code
    except TyperException as error:
        context = getattr(error, "ctx", None)
        _say(f"{error.format_message()} (see {context.command_path if context else 'clemsim'} --help)")
    except UsageError as error:
        _say(str(error))
    except Abort:
        _say("stopped")
    return USAGE


def _say(text: str) -> None:
    from clemsim.cli.common import say  # noqa: PLC0415 (it loads much)

    say(text)
