"""Calls functions in processes of their own: what needs much memory or large libraries is gone when it is done, and pages
are answered meanwhile.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from clemsim.errors import ClemsimError

P = ParamSpec("P")
T = TypeVar("T")
RUNNING: set[subprocess.Popen[bytes]] = set()


def in_other_process(function: Callable[P, T], *values: P.args, **named: P.kwargs) -> T:
    """Return what a function of a module returns, called in a new process, which gets and gives what can be pickled. Raises
    what it raises of clemsim's errors, and ClemsimError where the process ends otherwise.
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", __name__],  # -P: no module of the folder in which the viewer was started
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C at the terminal is the viewer's, which ends its processes
    )
    RUNNING.add(process)
    try:
        answer, _ = process.communicate(pickle.dumps((function, values, named)))
    finally:
        RUNNING.discard(process)
    if process.returncode:
        raise ClemsimError(f"this could not be computed: the process ended with {process.returncode}")
    error, result = pickle.loads(answer)
    if error:
        raise error
    return cast(T, result)


def stop_all() -> None:
    """End the processes that still compute; what waits for them raises ClemsimError."""
    for process in list(RUNNING):
        process.terminate()


def main() -> None:
    """Call the function that the standard input names, and write what it returns. What it prints goes to the errors."""
    with os.fdopen(os.dup(1), "wb") as answers:
        os.dup2(2, 1)
        function, values, named = pickle.load(sys.stdin.buffer)
        try:
            answer: tuple[ClemsimError | None, object] = (None, function(*values, **named))
        except ClemsimError as error:
            answer = error, None
        answers.write(pickle.dumps(answer))


if __name__ == "__main__":
    main()
