"""Run a suite from Python and read its summary. Run it: python examples/run_suite.py"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from clemsim.runs.run import play
from clemsim.store.config import RunConfig


async def main() -> None:
    """Play the suite `quick` with the scripted players."""
    with TemporaryDirectory() as folder:
        summary = await play(RunConfig(suite="quick", agents=("baseline",)), Path(folder) / "run")
        for arena, scores in summary.arenas.items():
            print(f"{arena}: {scores.success} of {scores.episodes} won, Quality {scores.quality}")
        print(f"clemscore {summary.clemscore}")


if __name__ == "__main__":
    asyncio.run(main())
