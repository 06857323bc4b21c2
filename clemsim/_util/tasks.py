"""Background tasks, and the errors of several tasks at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from clemsim.errors import ClemsimError, EngineError, LimitReached, StoreError, UsageError


@asynccontextmanager
async def run_in_background(coroutine: Coroutine[Any, Any, None] | None) -> AsyncIterator[None]:
    """Run a coroutine until the block is over, then cancel it; None: run nothing. Raises what the coroutine raised."""
    task = asyncio.ensure_future(coroutine) if coroutine else None
    try:
        yield
    finally:
        if task:
            await cancel(task)


async def cancel(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait until it has ended. Raises what the task raised before."""
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def leading_error(group: BaseExceptionGroup) -> BaseException:
    """Return the error of a group that tells most, with the others beside it; raise it `from error.__cause__`.

    A bug comes before a fault of the store or of the user, and these before a fault of the infrastructure, which may be
    no more than the consequence. The message of a ClemsimError names the others; other errors carry them as notes.
    """
    errors = list(_leaves(group))
    leading = min(errors, key=_rank)
    for error in errors:
        if error is leading or (type(error), error.args) == (type(leading), leading.args):
            continue  # several requests often fail for the same reason
        if isinstance(leading, ClemsimError):
            leading.also(error)
        else:
            leading.add_note(f"also raised: {type(error).__name__}: {error}")
    return leading


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _rank(error: BaseException) -> int:
    if isinstance(error, EngineError | LimitReached):
        return 2
    return 1 if isinstance(error, StoreError | UsageError) else 0
