"""Commands of clemsim that the viewer starts for its user, each in a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from clemsim.errors import UsageError
from clemsim.store.folder import STORE, is_played

LOOK = 0.1  # seconds between two looks whether a run has begun
PATIENCE = 120.0  # seconds that a run may take to begin: a model is loaded first
KEPT = 4000  # bytes of what a command says
GRACE = 10.0  # seconds in which a run stops


@dataclass(slots=True)
class _Child:
    process: asyncio.subprocess.Process
    said: bytes = b""


@dataclass(slots=True)
class StartedCommands:
    """The commands under way. Those that the viewer leaves behind are stopped as Ctrl-C would: nothing is lost."""

    _children: list[_Child] = field(default_factory=list)

    async def begin(self, words: Sequence[str], folder: Path) -> None:
        """Run `clemsim WORDS` and return once it plays the run in `folder`, or has ended well.

        Raises UsageError with the last line of what it said where it ended otherwise.
        """
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",  # no module of the folder in which the viewer was started, as with the command
            "-m",
            "clemsim.cli.main",
            *words,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "NO_COLOR": "1"},
            start_new_session=True,  # Ctrl-C at the terminal of the viewer is the viewer's
        )
        child = _Child(process)
        self._children.append(child)
        listening = asyncio.create_task(self._listen(child))
        for _ in range(int(PATIENCE / LOOK)):
            if listening.done() or await asyncio.to_thread(_is_begun, folder):
                break
            await asyncio.sleep(LOOK)
        if listening.done() and process.returncode not in (0, 1):
            lines = [line for line in child.said.decode(errors="replace").splitlines() if line.strip()]
            raise UsageError(lines[-1].removeprefix("clemsim: ") if lines else f"clemsim ended with {process.returncode}")

    async def stop(self) -> None:
        """Stop every command that still goes on, and wait for it."""
        for child in self._children:
            with suppress(ProcessLookupError):
                child.process.terminate()
        for child in self._children:
            try:
                await asyncio.wait_for(child.process.wait(), GRACE)
            except TimeoutError:
                child.process.kill()

    async def _listen(self, child: _Child) -> None:
        """Keep the end of what a command says, until it has ended."""
        assert child.process.stderr  # it was asked for
        while block := await child.process.stderr.read(KEPT):
            child.said = (child.said + block)[-KEPT:]
        await child.process.wait()
        self._children.remove(child)


def _is_begun(folder: Path) -> bool:
    return (folder / STORE).is_file() and is_played(folder)
