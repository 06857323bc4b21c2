"""What the commands share: consoles, errors as one line, exit codes."""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import orjson
import typer
from rich.console import Console

from clemsim._util.author_frames import describe_frames
from clemsim._util.text import plain, safe
from clemsim.cli.view import progress
from clemsim.cli.view.results import results
from clemsim.errors import AgentError, ArenaError, ClemsimError
from clemsim.results.run_summary import RunSummary
from clemsim.runs.session import LiveRun
from clemsim.store.schema import ANSWERED

T = TypeVar("T")

DONE, UNFINISHED, USAGE = 0, 1, 2

out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def one_line() -> Iterator[None]:
    """Turn clemsim's errors into one line on stderr and exit code 2. A bug in a game or an agent is followed by the frames
    of its author: file, line and source line.
    """
    try:
        yield
    except ClemsimError as error:
        say(str(error))
        for bug in (error, *error.others):
            show_frames(bug)
        raise typer.Exit(USAGE) from None


def fail(text: str) -> NoReturn:
    """Say what is wrong and leave."""
    say(text)
    raise typer.Exit(USAGE)


def show_frames(error: BaseException) -> None:
    """Show the author's frames of a bug in a game or an agent on stderr."""
    frames = error.frames if isinstance(error, ClemsimError) else ()
    if not frames and isinstance(error, ArenaError | AgentError):
        frames = tuple(describe_frames(error))
    for line in frames:
        err.print(plain(line, "dim"), soft_wrap=True)


def say(text: str) -> None:
    """Print one line on stderr."""
    err.print(plain(f"clemsim: {' '.join(safe(text).split())}", "red"), soft_wrap=True)


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop where there is one.

    Thousands of episodes are millions of objects and hardly any cycle: at its usual pace the garbage collector would look
    through all of them again and again.
    """
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    if sys.platform == "win32":
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(main)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    return uvloop.new_event_loop


def watcher(stopped: list[bool]) -> Callable[[LiveRun], Coroutine[Any, Any, None]]:
    """Shows progress, and lets Ctrl-C stop the run where it is; the second Ctrl-C does not wait."""

    async def watch(live: LiveRun) -> None:
        err.print(
            plain(f"playing {live.progress.episodes} episodes into {live.folder} (Ctrl-C stops, nothing is lost)"),
            soft_wrap=True,
        )

        def stop() -> None:
            stopped.append(True)
            asyncio.get_running_loop().remove_signal_handler(signal.SIGINT)
            live.stop()

        with suppress(NotImplementedError):
            for number in (signal.SIGINT, signal.SIGTERM):
                asyncio.get_running_loop().add_signal_handler(number, stop)
        await progress.show(err, lambda: live.progress, live.tally.points)

    return watch


def finish(summary: RunSummary, *, as_json: bool, stopped: bool = False) -> None:
    """Print what came out, and leave with the exit code that says whether all was played."""
    if as_json:
        print_json(summary.as_json())
    else:
        out.print(results(summary))
        out.print(plain(f"run: {summary.run}   (read it: clemsim show {summary.run})"), soft_wrap=True)
    if summary.unfinished > summary.causes.get(ANSWERED, 0):
        why = "stopped" if stopped else "not all was played"
        err.print(plain(f"{why}; go on with: clemsim resume {summary.run}", "yellow"), soft_wrap=True)
        raise typer.Exit(UNFINISHED)


def print_json(data: object) -> None:
    """One JSON object on stdout."""
    sys.stdout.write(orjson.dumps(data, option=orjson.OPT_INDENT_2).decode() + "\n")
    sys.stdout.flush()


def path_option(text: str | None) -> Path | None:
    """A path, where one was given."""
    return None if text is None else Path(text)


if sys.platform != "win32":
    import uvloop
