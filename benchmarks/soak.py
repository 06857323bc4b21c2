"""Does a long stress test take more memory as it goes on?

Starts a simulated server and loads it with `clemsim stress` until so many turns are played. Looks at the resident memory of
the process that makes the load whenever another tenth of them is done. Prints JSON and a table: megabytes by turns, and
`growth`, the memory at the end over that after the first tenth.
usage: python benchmarks/soak.py [--turns 1000000] [--concurrency 128]
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import httpx
from report import show

from clemsim.cli.common import run_async

PERIOD = 1.0  # seconds between two looks
PARTS = 10
MAX_TOKENS = 2


@asynccontextmanager
async def command(*words: object) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command of clemsim, killed at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", "from clemsim.cli.main import main; main()", *map(str, words)),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def soak(turns: int, concurrency: int, port: int) -> dict[str, Any]:
    """Play the turns; return the memory by turns."""
    server = ("serve-fake", "--port", port, "--seats", concurrency, "--ttft", "1ms", "--itl", "1ms")
    found: dict[int, float] = {}
    with TemporaryDirectory() as folder:
        async with command(*server), httpx.AsyncClient() as client:
            await _answering(client, port)
            load = (
                *("stress", "--agent", f"fake@http://127.0.0.1:{port}/v1", "--concurrency", concurrency),
                *("--duration", "24h", "--max-seconds", 25 * 3600, "--max-requests", turns),
                *("--no-model-text", "--max-tokens", MAX_TOKENS, "--out", Path(folder) / "report"),
            )
            async with command(*load) as process:
                begun, before = perf_counter(), 0
                said = asyncio.ensure_future(process.stderr.read() if process.stderr else asyncio.sleep(0, b""))
                while process.returncode is None:
                    await asyncio.sleep(PERIOD)
                    done, size = await _served(client, port), _resident(process.pid)
                    if size and before < done < turns:  # after the last turn the report is drawn, which is not of the soak
                        found.setdefault(done * PARTS // turns, size)
                        found[PARTS], before = size, done
                seconds = perf_counter() - begun
                if process.returncode:
                    raise SystemExit((await said).decode())
    return {
        "benchmark": "soak",
        "turns": turns,
        "concurrency": concurrency,
        "turns_per_second": round(turns / seconds),
        "megabytes": {f"{part * turns // PARTS}": size for part, size in sorted(found.items()) if part},
        "growth": round(found[PARTS] / found[min(part for part in found if part)], 3),
    }


async def _answering(client: httpx.AsyncClient, port: int) -> None:
    for _ in range(100):
        try:
            await _served(client, port)
        except httpx.TransportError:
            await asyncio.sleep(0.1)
        else:
            return
    raise SystemExit("the simulated server did not start")


async def _served(client: httpx.AsyncClient, port: int) -> int:
    """Requests that the server has answered so far."""
    page = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    lines = [line for line in page.splitlines() if line.startswith("vllm:request_success_total")]
    return int(sum(float(line.rpartition(" ")[2]) for line in lines))


def _resident(process: int) -> float | None:
    """Return the resident memory of a process in MB; None when it has ended."""
    try:
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
    except OSError:
        return None
    sizes = [line.split()[1] for line in lines if line.startswith("VmRSS")]
    return round(int(sizes[0]) / 1024, 1) if sizes else None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=1_000_000)
    parser.add_argument("--concurrency", type=int, default=128)
    parser.add_argument("--port", type=int, default=8219)
    options = parser.parse_args()
    show(run_async(soak(options.turns, options.concurrency, options.port)))
