"""Run a suite from Python and read its summary. Run it: python examples/run_suite.py"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

import clemsim


async def main() -> None:
    """Play the suite `quick` with the scripted players."""
    with TemporaryDirectory() as folder:
        run = await clemsim.run(suite="quick", agents=["baseline"], out=Path(folder) / "run")
        for arena, scores in run.summary.arenas.items():
            print(f"{arena}: {scores.success} of {scores.episodes} won, Quality {scores.quality}")
        print(f"clemscore {run.summary.clemscore}")


if __name__ == "__main__":
    asyncio.run(main())
