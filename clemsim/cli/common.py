"""The parts that commands share: consoles, errors as one line, exit codes, signals."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeVar

import orjson
import typer
from rich.console import Console

from clemsim._util.author_frames import describe_frames
from clemsim._util.files import reason_of
from clemsim._util.text import plain, safe
from clemsim.cli.exit_codes import DONE, UNFINISHED, USAGE
from clemsim.cli.signals import SIGNALS
from clemsim.cli.view import progress
from clemsim.cli.view.results import results_of
from clemsim.errors import AgentError, ArenaError, ClemsimError
from clemsim.results.run_summary import RunSummary
from clemsim.runs.session import LiveRun
from clemsim.runtime.watchdog import SlowStep, current_step
from clemsim.store.schema import ANSWERED

T = TypeVar("T")

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def one_line() -> Iterator[None]:
    """Turn clemsim's errors into one line on stderr and exit code 2, and Ctrl-C and SIGTERM into another and code 130 or
    143. A bug in a game or an agent is followed by the frames of its author: file, line and source line.
    """
    try:
        yield
    except ClemsimError as error:
        say(str(error))
        for bug in (error, *error.others):
            show_frames(bug)
        raise typer.Exit(USAGE) from None
    except BrokenPipeError:  # whoever read the output has enough of it, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(DONE) from None
    except OSError as error:
        say(f"{error.filename or 'a file'} cannot be used: {reason_of(error)}")
        raise typer.Exit(USAGE) from None
    except KeyboardInterrupt:
        say("stopped")
        raise typer.Exit(SIGNALS.exit_code) from None


def fail(text: str) -> NoReturn:
    """Print one line on stderr and leave with exit code 2."""
    say(text)
    raise typer.Exit(USAGE)


def show_frames(error: BaseException) -> None:
    """Print the author's frames of a bug in a game or an agent on stderr."""
    frames = error.frames if isinstance(error, ClemsimError) else ()
    if not frames and isinstance(error, ArenaError | AgentError):
        frames = tuple(describe_frames(error))
    for line in frames:
        err.print(plain(line, "dim"), soft_wrap=True)


def say(text: str) -> None:
    """Print one line on stderr."""
    err.print(plain(f"clemsim: {' '.join(safe(text).split())}", "red"), soft_wrap=True)


def show_warnings(warnings: Sequence[str]) -> None:
    """Print a line for each warning on stderr."""
    for warning in warnings:
        err.print(plain(f"clemsim: to know: {warning}", "yellow"), soft_wrap=True)


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine and return its result, on uvloop except on Windows. Raises KeyboardInterrupt where Ctrl-C or SIGTERM
    ended it.

    Thousands of episodes are millions of objects with hardly any cycle, which the garbage collector would scan again and
    again at its usual thresholds.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    with asyncio.Runner(loop_factory=None if sys.platform == "win32" else _loop_factory()) as runner:
        try:
            return runner.run(_stoppable(main))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


async def _stoppable(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that the first Ctrl-C or SIGTERM stops."""
    asyncio.get_running_loop().set_exception_handler(_tell_unless_transport)
    with SIGNALS.running(_say_stopping, _holder):
        return await main


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    return uvloop.new_event_loop


def _tell_unless_transport(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Print what nobody catches, unless a connection broke off: that fails its request, which says so."""
    if "transport" not in context and "protocol" not in context:
        loop.default_exception_handler(context)


def _say_stopping(text: str) -> None:
    err.print(plain(text, "yellow"), soft_wrap=True)


def _holder() -> str:
    """Tell which episode holds the event loop of the main thread; empty: none of them."""
    step = current_step(threading.main_thread().ident)
    return step.held if step else ""


def show_slow_step(step: SlowStep) -> None:
    """Print a step of a game that takes long, with the lines of its author, on stderr."""
    err.print(plain(str(step), "yellow"), soft_wrap=True)
    for line in step.frames:
        err.print(plain(line, "dim"), soft_wrap=True)


def watcher(stopped: list[bool]) -> Callable[[LiveRun], Coroutine[Any, Any, None]]:
    """Return a watch that shows progress and lets the first Ctrl-C or SIGTERM stop the run where it is.

    A run that was stopped appends True to `stopped`.
    """

    async def watch(live: LiveRun) -> None:
        err.print(
            plain(f"playing {live.progress.episodes} episodes into {live.folder} (Ctrl-C stops, nothing is lost)"),
            soft_wrap=True,
        )

        show_warnings(live.warnings)

        def stop() -> str:
            stopped.append(True)
            return live.stop()

        SIGNALS.on_stop(stop)
        live.slow_steps.tell = show_slow_step
        if live.lost:
            live.lost.tell = lambda text: show_warnings([text])
        await progress.show(err, lambda: live.progress, live.tally.points)

    return watch


def finish(summary: RunSummary, *, as_json: bool, stopped: bool = False) -> None:
    """Print the results; leave with exit code 1 unless all was played."""
    if as_json:
        print_json(summary.as_json())
    else:
        out.print(results_of(summary))
        for line in (summary.parser_error or "").splitlines()[1:]:
            err.print(plain(line, "dim"), soft_wrap=True)
        out.print(plain(f"run: {summary.run}   (read it: clemsim show {summary.run})"), soft_wrap=True)
        out.print(plain(f"in a browser: clemsim view {summary.run}", "dim"), soft_wrap=True)
    if summary.unfinished > summary.causes.get(ANSWERED, 0):
        reason = "stopped" if stopped else "not all was played"
        err.print(plain(f"{reason}; go on with: clemsim resume {summary.run}", "yellow"), soft_wrap=True)
        raise typer.Exit(UNFINISHED)


def print_json(data: object) -> None:
    """Print one JSON object on stdout."""
    sys.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()


if sys.platform != "win32":
    import uvloop
