"""How many turns a second can one process drive and measure, with every token streamed?

The server, in a process of its own, answers each request at once with a stream that was made ready before, so that the
client is the limit. Prints JSON and a table: turns and streamed tokens a second, the client's CPU a turn, and what the
report says of the client. `latency` is the client's own part of a turn: what it measures where the server takes no time.
usage: python benchmarks/stress_capacity.py [--tokens 50] [--conversations 64] [--seconds 10]
"""

import argparse
import asyncio
import multiprocessing
from multiprocessing.connection import Connection
from typing import Any

import orjson
import uvloop
from report import show

from clemsim.cli.common import run_async
from clemsim.stress.load.runner import StressWatch, stress
from clemsim.stress.plan.guardrails import Budget
from clemsim.stress.plan.plan import Plan
from clemsim.stress.plan.shapes import Stage

MODELS = orjson.dumps({"object": "list", "data": [{"id": "fake", "owned_by": "vllm"}]})


def ready_stream(tokens: int) -> bytes:
    """A whole answer as vLLM streams it, one event for each token, in chunks."""
    same = {"id": "chatcmpl-0123456789abcdef", "object": "chat.completion.chunk", "created": 1, "model": "fake"}

    def event(data: Any) -> bytes:
        body = b"data: " + (data if isinstance(data, bytes) else orjson.dumps(same | data)) + b"\n\n"
        return b"%x\r\n%s\r\n" % (len(body), body)

    def choice(delta: dict[str, str], finish: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}]}

    usage = {"prompt_tokens": 100, "completion_tokens": tokens, "total_tokens": 100 + tokens}
    texts = [choice({"content": " word"}, "length" if number == tokens - 1 else None) for number in range(tokens)]
    every = [choice({"role": "assistant", "content": ""}), *texts, {"choices": [], "usage": usage}, b"[DONE]"]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head + b"".join(map(event, every)) + b"0\r\n\r\n"


class Answering(asyncio.Protocol):
    """Answers whatever is asked: a POST with the stream, a GET with the list of models."""

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self._got = b""
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody is there."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once a request is whole."""
        self._got += data
        head, gap, body = self._got.partition(b"\r\n\r\n")
        if not gap:
            return
        if head.startswith(b"GET"):
            self._got = b""
            self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(MODELS), MODELS))
            return
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        if len(body) >= length:
            self._got = b""
            self._transport.write(self._stream)


def serve(ready: Connection, tokens: int) -> None:
    """Serve until killed."""

    async def main() -> None:
        stream = ready_stream(tokens)
        server = await asyncio.get_running_loop().create_server(lambda: Answering(stream), "127.0.0.1", 0, backlog=4096)
        ready.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())


async def main(port: int, tokens: int, conversations: int, seconds: float) -> None:
    """Load it and print what was measured."""
    url = f"http://127.0.0.1:{port}/v1"
    stages = [Stage(conversations, conversations, seconds, warmup=1.0)]
    plan = Plan([f"fake@{url}"], [url], stages=stages, mix={"talk": 1.0}, max_tokens=tokens)
    findings = await stress(plan, Budget(10_000_000, 600.0), StressWatch())
    (stage,) = findings.stages
    latency = stage.latency.turn
    seconds_by_name = {"mean": latency.mean, "p50": latency.p50, "p99": latency.p99}
    result = {
        "benchmark": "stress_capacity",
        "tokens_a_turn": tokens,
        "conversations": conversations,
        "turns_per_second": round(stage.turns_per_second),
        "tokens_per_second": round(stage.output_tokens_per_second),
        "client_cpu_share": round(stage.client.cpu, 3),
        "client_cpu_microseconds_a_turn": round(1e6 * stage.client.cpu / stage.turns_per_second),
        "latency_ms": {name: round(1000 * (value or 0.0), 2) for name, value in seconds_by_name.items()},
        "report": stage.spoiled,
    }
    show(result)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tokens", type=int, default=50)
    parser.add_argument("--conversations", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(there, options.tokens), daemon=True)
    server.start()
    try:
        run_async(main(here.recv(), options.tokens, options.conversations, options.seconds))
    finally:
        server.kill()
