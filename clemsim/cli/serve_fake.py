"""`clemsim serve-fake`: a simulated vLLM server, to try a stress test on without a model."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from clemsim._util.text import plain
from clemsim.cli.common import err, fail, one_line, run_async
from clemsim.cli.options import finite
from clemsim.cli.signals import SIGNALS
from clemsim.engines.simulated.faults import Faults
from clemsim.engines.simulated.machine import Spec
from clemsim.engines.simulated.server import SimulatedServer
from clemsim.stress.games.recall import Clerk
from clemsim.stress.plan.durations import parse_duration


def serve_fake(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0: any free one.")] = 8207,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0: all, for containers and others.")] = "127.0.0.1",
    model: Annotated[str, typer.Option(help="The name of its model.")] = "fake",
    adapter: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="One more model on the same machine, as an adapter is; repeat.")
    ] = None,
    seats: Annotated[int, typer.Option(min=1, help="Requests that run at once; others wait.")] = 64,
    ttft: Annotated[str, typer.Option(metavar="TIME", help="Least time from a seat to the first token.")] = "80ms",
    itl: Annotated[str, typer.Option(metavar="TIME", help="Time between two tokens of a request.")] = "20ms",
    slowdown: Annotated[
        float, typer.Option(callback=finite, min=0.0, help="Share by which each other request slows tokens down.")
    ] = 0.0,
    prefill: Annotated[
        float, typer.Option(callback=finite, min=1.0, help="Prompt tokens a second, of all requests together.")
    ] = 1e6,
    blocks: Annotated[int, typer.Option(min=1, help="Blocks of the KV cache.")] = 65_536,
    block_size: Annotated[int, typer.Option(min=1, help="Tokens of a block.")] = 16,
    context: Annotated[int, typer.Option(min=2, help="Most tokens of prompt and reply.")] = 8192,
    images: Annotated[bool, typer.Option("--images/--no-images", help="Take pictures.")] = True,
    priority: Annotated[bool, typer.Option("--priority", help="Serve by priority.")] = False,
    most_waiting: Annotated[int | None, typer.Option(min=0, help="Turn requests away (503) when this many wait.")] = None,
    skill: Annotated[
        float, typer.Option(callback=finite, min=0.0, max=1.0, help="Share of right answers in the game `recall`.")
    ] = 0.9,
    noise: Annotated[
        float,
        typer.Option(callback=finite, min=0.0, max=1.0, help="Share of answers that differ each time, but are no worse."),
    ] = 0.0,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KIND=VALUE",
            help="busy, error, reset, stall, cut: a share of requests; other-answers: beyond this many requests; repeat.",
        ),
    ] = None,
) -> None:
    """Serve as vLLM does (completions, streams, /metrics), with known latency and capacity, without a model.

    Examples:

      clemsim serve-fake --seats 64 --ttft 80ms --itl 20ms

      clemsim serve-fake --fault busy=0.05 --fault other-answers=8
    """
    with one_line():
        spec = Spec(
            model=model,
            adapters=tuple(adapter or ()),
            seats=seats,
            blocks=blocks,
            block_size=block_size,
            context=context,
            first_token=parse_duration(ttft, "--ttft"),
            interval=parse_duration(itl, "--itl"),
            prefill=prefill,
            slowdown=slowdown,
            images=images,
            priority=priority,
        )
        server = SimulatedServer(spec, Clerk(skill, noise), most_waiting, faults=Faults.parse(fault or ()))
        run_async(_serve(server, port, host))


async def _serve(server: SimulatedServer, port: int, host: str) -> None:
    stopped = asyncio.Event()
    SIGNALS.on_stop(lambda: _stop(stopped, server))
    try:
        await server.start(port, host)
    except OSError as error:
        fail(f"{host}:{port} cannot be used: choose another --port or --host ({error.strerror})")
    spec = f"{server.spec.model}@{server.url}/v1"
    err.print(plain(f"serving {spec} (Ctrl-C stops); try: clemsim stress --agent {spec}"), soft_wrap=True)
    await stopped.wait()
    await server.stop()


def _stop(stopped: asyncio.Event, server: SimulatedServer) -> str:
    stopped.set()
    return f"{server.under_way} requests are not answered any more"
