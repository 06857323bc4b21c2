"""What computes: requests wait for a seat and for room in the KV cache, are prefilled, and then decoded together.

Continuous batching as vLLM does it. Prompts are computed one after the other at `prefill` tokens per second, without the
part that the prefix cache contains; from then on a request makes a token every `interval` seconds, beside all others. When
the KV cache is full, the request that came last is preempted and begins again later. The machine runs on the clock of the
event loop, which may be a virtual one; nothing is done per token, only per block, unless tokens are streamed.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from itertools import count

from clemsim.engines.simulated.cache import BlockCache, Holding
from clemsim.engines.simulated.histogram import FIRST_TOKENS, REQUESTS, TOKENS, MetricsHistogram, token_counts

Tokens = Sequence[Hashable]


@dataclass(frozen=True, slots=True)
class Spec:
    """What a server can do. Times in seconds."""

    model: str = "simulated"
    seats: int = 64  # requests that run at once (vLLM: max_num_seqs)
    blocks: int = 8192  # of the KV cache
    block_size: int = 16  # tokens
    context: int = 8192  # tokens of prompt and reply
    first_token: float = 0.02  # from a seat to the first token, at least
    prefill: float = 20_000.0  # prompt tokens per second, of all requests together
    interval: float = 0.01  # between two tokens of one request
    slowdown: float = 0.0  # by this share an interval is longer for every other request that runs
    adapters: tuple[str, ...] = ()  # names of more models, on the same machine, whose cached prompts are their own
    images: bool = True  # whether it takes pictures
    priority: bool = False  # the lowest priority number first, instead of first come, first served

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all models."""
        return (self.model, *self.adapters)


class RequestHistograms:
    """What is counted once for each request when it has ended. Times in seconds, sizes in tokens."""

    def __init__(self, context: int) -> None:
        self.first_token = MetricsHistogram(FIRST_TOKENS)  # from arrival, with the queue
        self.queue, self.prefill, self.decode = (MetricsHistogram(REQUESTS) for _ in range(3))
        self.inference, self.whole = MetricsHistogram(REQUESTS), MetricsHistogram(REQUESTS)
        self.per_token = MetricsHistogram(TOKENS)
        self.prompt, self.reply = (MetricsHistogram(token_counts(context)) for _ in range(2))

    def add(self, job: _Job, first: float, now: float) -> None:
        """Count a request whose `first` token came at a moment, and which ends `now`."""
        self.first_token.add(first - job.arrived)
        self.queue.add(job.seated - job.arrived)
        self.prefill.add(first - job.seated)
        self.decode.add(now - first)
        self.inference.add(now - job.seated)
        self.whole.add(now - job.arrived)
        self.prompt.add(len(job.prompt))
        self.reply.add(len(job.reply))
        if len(job.reply) > 1:
            self.per_token.add((now - first) / (len(job.reply) - 1))


@dataclass(slots=True)
class Counters:
    """Totals since the start."""

    prompt: int = 0  # tokens
    generated: int = 0  # tokens
    queries: int = 0  # prompt tokens looked up in the prefix cache
    hits: int = 0  # prompt tokens that the prefix cache contained
    preemptions: int = 0
    rejections: int = 0  # requests turned away, counted by the server
    finished: int = 0  # requests
    steps: int = 0  # in which tokens were made; vLLM's has all requests in one step, here each has its own
    requests: RequestHistograms = field(default_factory=lambda: RequestHistograms(Spec().context))
    intervals: MetricsHistogram = field(default_factory=lambda: MetricsHistogram(TOKENS))  # seconds between two tokens


@dataclass(frozen=True, slots=True)
class Served:
    """What one request got. Times in seconds."""

    cached: int  # prompt tokens that the prefix cache contained
    queued: float  # in the queue
    first_token: float  # from arrival to the first token
    seconds: float  # from arrival to the end


@dataclass(slots=True, eq=False)
class _Job:
    """A request inside the machine."""

    prompt: Tokens
    reply: Tokens
    rank: tuple[int, int]
    arrived: float
    done: asyncio.Future[Served]
    on_token: Callable[[int], None] | None
    made: int = 0  # tokens of the reply
    cached: int | None = None
    seated: float = 0.0
    first: float | None = None
    computed: float = 0.0  # when its prompt is
    due: float = 0.0  # when its next tokens are; so that the delays of timers do not add up
    holding: Holding | None = None
    timer: asyncio.TimerHandle | None = None

    def __lt__(self, other: _Job) -> bool:
        return self.rank < other.rank

    @property
    def size(self) -> int:
        """Tokens so far."""
        return len(self.prompt) + self.made

    def tokens(self, size: int) -> list[Hashable]:
        """Return the first `size` tokens of prompt and reply."""
        return [*self.prompt, *self.reply[: self.made]][:size]


@dataclass(slots=True)
class Machine:
    """The engine of one server; lives on one event loop."""

    spec: Spec
    counters: Counters = field(default_factory=Counters)
    _running: dict[_Job, None] = field(default_factory=dict)  # in the order of their seating
    _waiting: list[_Job] = field(default_factory=list)  # a heap
    _prefilled: float = 0.0  # when all prompts will have been computed
    _order: count[int] = field(default_factory=count)
    _cache: BlockCache = field(init=False)

    def __post_init__(self) -> None:
        self._cache = BlockCache(self.spec.blocks, self.spec.block_size)
        self.counters.requests = RequestHistograms(self.spec.context)

    @property
    def running(self) -> int:
        """Requests that have a seat."""
        return len(self._running)

    @property
    def waiting(self) -> int:
        """Requests in the queue."""
        return len(self._waiting)

    def computed(self, now: float) -> int:
        """Return the requests that have a seat and whose prompt is computed at this time of the event loop."""
        return sum(job.computed <= now for job in self._running)

    @property
    def prefilled(self) -> float:
        """When all prompts that have a seat are computed, in the event loop's time."""
        return self._prefilled

    @property
    def usage(self) -> float:
        """Share of the KV cache that running requests hold, 0..1."""
        return self._cache.usage

    def fits(self, prompt: Tokens, reply: int) -> bool:
        """Return whether a request with so many tokens of reply can be served at all."""
        size = len(prompt) + reply
        return size <= min(self.spec.context, self.spec.blocks * self.spec.block_size)

    async def generate(
        self, prompt: Tokens, reply: Tokens, priority: int = 0, on_token: Callable[[int], None] | None = None
    ) -> Served:
        """Take as long as it takes to make `reply`, which must not be empty. A cancelled request leaves the machine.

        `on_token` is called at each token with the number of tokens so far. Raises ValueError where the request cannot fit.
        """
        if not reply or not self.fits(prompt, len(reply)):
            raise ValueError("a request needs a reply, and both must fit the context")
        loop = asyncio.get_running_loop()
        rank = (priority if self.spec.priority else 0, next(self._order))
        job = _Job(prompt, reply, rank, loop.time(), loop.create_future(), on_token)
        heapq.heappush(self._waiting, job)
        self._seat()
        try:
            return await job.done
        finally:
            self._remove(job)

    def _seat(self) -> None:
        """Give seats to requests that wait, as long as there are seats and room."""
        loop = asyncio.get_running_loop()
        while self._waiting and len(self._running) < self.spec.seats:
            job = self._waiting[0]
            holding = self._cache.begin(job.tokens(job.size))
            if holding is None:
                return
            heapq.heappop(self._waiting)
            self._begin(job, holding, loop)

    def _begin(self, job: _Job, holding: Holding, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        self._running[job] = None
        job.holding = holding
        if job.cached is None:  # vLLM does not count what is computed again
            job.cached, job.seated = holding.cached, now
            self.counters.prompt += len(job.prompt)
            self.counters.queries += len(job.prompt)
            self.counters.hits += holding.cached
        self._prefilled = max(now, self._prefilled) + (job.size - holding.cached) / self.spec.prefill
        job.computed = self._prefilled
        job.due = max(self._prefilled, now + self.spec.first_token)
        job.timer = loop.call_at(job.due, self._advance, job, 1)

    def _advance(self, job: _Job, made: int) -> None:
        """Add `made` tokens to a reply, and end it or plan its next tokens."""
        loop = asyncio.get_running_loop()
        while job.holding and not self._cache.grow(job.holding, job.size + made):
            self._preempt(max(self._running))
        if job.holding is None:  # it was preempted itself
            return
        job.made += made
        self.counters.generated += made
        self.counters.steps += 1
        if job.first is None:
            job.first = loop.time()
        self._cache.fill(job.holding, job.tokens(job.size - 1))  # of the newest token nothing is computed yet
        if job.on_token:
            job.on_token(job.made)
        if job.made == len(job.reply):
            self._finish(job, loop.time())
            return
        step = self._step(job)
        interval = self.spec.interval * (1 + self.spec.slowdown * (len(self._running) - 1))
        job.due += step * interval
        self.counters.intervals.add(interval, step)
        job.timer = loop.call_at(job.due, self._advance, job, step)

    def _step(self, job: _Job) -> int:
        """Return the tokens until something happens: 1 if tokens are streamed, else to the end of the block or the reply."""
        if job.on_token:
            return 1
        size = self.spec.block_size
        return min(len(job.reply) - job.made, size - job.size % size)

    def _preempt(self, job: _Job) -> None:
        """Take a request's seat and room away. It waits again, with the tokens that it has made."""
        self.counters.preemptions += 1
        self._leave(job)
        heapq.heappush(self._waiting, job)

    def _finish(self, job: _Job, now: float) -> None:
        self.counters.finished += 1
        first = job.first if job.first is not None else now
        if not job.done.done():
            job.done.set_result(Served(job.cached or 0, job.seated - job.arrived, first - job.arrived, now - job.arrived))
        self.counters.requests.add(job, first, now)
        self._leave(job)
        self._seat()

    def _leave(self, job: _Job) -> None:
        """Give back a request's seat and room."""
        del self._running[job]
        if job.timer:
            job.timer.cancel()
        if job.holding:
            self._cache.release(job.holding)
        job.holding = job.timer = None

    def _remove(self, job: _Job) -> None:
        """Forget a request that has ended or was given up."""
        if job in self._running:
            self._leave(job)
            self._seat()
        elif not job.done.done() or job.done.cancelled():
            self._waiting = [waiting for waiting in self._waiting if waiting is not job]
            heapq.heapify(self._waiting)
