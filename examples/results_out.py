"""Take a run to other tools: data to train on, and entries for the Hub. Run it: python examples/results_out.py"""

import asyncio
import json
from pathlib import Path
from tempfile import TemporaryDirectory

import clemsim


async def main() -> None:
    """Play taboo with two players, and export what came of it (`clemsim export RUN --format ...` does the same)."""
    with TemporaryDirectory() as folder:
        run, out = Path(folder) / "run", Path(folder)
        await clemsim.run(suite="quick", arenas=["taboo"], agents=["baseline", "random"], out=run)

        training = clemsim.export(run, "training", out / "training.jsonl")
        rewards = [json.loads(line)["reward"] for line in training.path.read_text().splitlines()]
        print(f"{training.count} {training.unit}; rewards from {min(rewards)} to {max(rewards)}")

        pairs = clemsim.export(run, "pairs", out / "pairs.jsonl")
        pair = json.loads(pairs.path.read_text().splitlines()[0])
        print(
            f"{pairs.count} {pairs.unit}; in the first, {pair['chosen'][0]['content']!r} earned {pair['chosen_reward']}",
            end=" ",
        )
        print(f"and {pair['rejected'][0]['content']!r} {pair['rejected_reward']}")

        hub = clemsim.export(run, "hf", out / "hub", dataset="my-name/my-games")
        print(f"{hub.count} {hub.unit} for the Hub:")
        for path in sorted(hub.path.rglob("*.yaml")):
            print(f"  {path.relative_to(hub.path)}")


if __name__ == "__main__":
    asyncio.run(main())
