"""Take a run to other tools: data to train on, and entries for the Hub. Run it: python examples/results_out.py"""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import clemsim
from clemsim.interop.export import FORMATS


async def main() -> None:
    """Play taboo with two players, and export what came of it (`clemsim export RUN --format ...` does the same)."""
    with TemporaryDirectory() as folder:
        run, out = Path(folder) / "run", Path(folder)
        await clemsim.run(suite="quick", arenas=["taboo"], agents=["baseline", "random"], out=run)

        count = FORMATS["training"].export(run, out / "training.jsonl")
        lines = [json.loads(line) for line in (out / "training.jsonl").read_text().splitlines()]
        print(f"{count} conversations; rewards from {min(line['reward'] for line in lines)}", end=" ")
        print(f"to {max(line['reward'] for line in lines)}")

        count = FORMATS["pairs"].export(run, out / "pairs.jsonl")
        pair = json.loads((out / "pairs.jsonl").read_text().splitlines()[0])
        print(f"{count} pairs; in the first, {pair['chosen'][0]['content']!r} earned {pair['chosen_reward']}", end=" ")
        print(f"and {pair['rejected'][0]['content']!r} {pair['rejected_reward']}")

        hub = FORMATS["hf"].with_options(dataset="my-name/my-games")
        print(f"results of {hub.export(run, out / 'hub')} models for the Hub:")
        for path in sorted((out / "hub").rglob("*.yaml")):
            print(f"  {path.relative_to(out / 'hub')}")


if __name__ == "__main__":
    asyncio.run(main())
