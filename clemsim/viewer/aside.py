"""Calls functions in processes of their own: what needs much memory or large libraries is gone when it is done, and pages
are answered meanwhile.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import ParamSpec, TypeVar, cast

from clemsim.errors import ClemsimError

P = ParamSpec("P")
T = TypeVar("T")
RUNNING: set[SpawnProcess] = set()


def stop_all() -> None:
    """End the processes that still compute; what waits for them raises ClemsimError."""
    for process in list(RUNNING):
        process.terminate()


def aside(function: Callable[P, T], *values: P.args, **named: P.kwargs) -> T:
    """Return what a function of a module returns, called in a new process. Raises what it raises of clemsim's errors, and
    ClemsimError where the process ends otherwise.
    """
    context = get_context("spawn")  # a fork of a process with threads may hang
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_work, args=(there, function, values, named), daemon=True)
    process.start()
    there.close()
    RUNNING.add(process)
    try:
        error, result = here.recv()
    except EOFError as ended:
        process.join()
        raise ClemsimError(f"this could not be computed: the process ended with {process.exitcode}") from ended
    finally:
        RUNNING.discard(process)
    process.join()
    if error:
        raise error
    return cast(T, result)


def _work(there: Connection, function: Callable[..., object], values: tuple[object, ...], named: dict[str, object]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the viewer, which gets it too, ends its processes
    with suppress(BrokenPipeError):
        try:
            answer: tuple[ClemsimError | None, object] = (None, function(*values, **named))
        except ClemsimError as error:
            answer = error, None
        there.send(answer)
