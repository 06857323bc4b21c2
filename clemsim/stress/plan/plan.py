"""What a stress test is to do, as the command line says it, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clemsim.catalog.agents import AgentOptions, make_casts
from clemsim.engines.base import Sampling
from clemsim.engines.stream_timing import EventMeter
from clemsim.engines.streaming import Streaming
from clemsim.errors import UsageError
from clemsim.runtime.agent import Cast
from clemsim.stress.plan.mix import LOAD_GAMES, Mix, make_mix
from clemsim.stress.plan.shapes import Arrivals, Stage, ThinkTime
from clemsim.stress.plan.slo import Slo

WORTH, PATIENCE = 0.05, 2  # a sweep ends when so many steps in a row brought less than this share more


@dataclass(frozen=True, slots=True)
class Plan:
    """`sweep` holds steps of concurrency, `stages` what comes one after another, `replay` a recorded run: one of the three,
    or none where only answers are checked. `check`: at how many conversations at once. Times in seconds.
    """

    agents: Sequence[str]
    urls: Sequence[str]
    sweep: Sequence[int] = ()
    stages: Sequence[Stage] = ()
    replay: Path | None = None
    speed: float = 1.0
    check: int | None = None
    episodes: int = 100
    warmup: float = 3.0
    window: float = 10.0
    arrivals: Arrivals = "poisson"
    think: ThinkTime = field(default_factory=ThinkTime)
    mix: Mapping[str, float] = field(default_factory=lambda: {"taboo": 1.0})
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    suite: str = "paper"
    seed: int = 0
    temperature: float = 0.0
    max_tokens: int = 300
    forced: bool = False  # every reply is exactly so long
    slo: Slo = field(default_factory=Slo)
    timeout: float = 120.0
    max_requests: int = 100_000
    max_seconds: float = 3600.0

    def __post_init__(self) -> None:
        if self.forced and (real := sorted(set(self.mix) - set(LOAD_GAMES))):
            raise UsageError(f"--no-model-text: {real[0]} can't be played with replies of a forced length: --mix talk=1")
        if len({stage.open_ for stage in self.stages}) > 1:
            raise UsageError("--stage: conversations that are kept under way (64:30s) and rates (5/s:30s) don't mix")
        planned = sum(stage.seconds + (0 if stage.open_ else stage.warmup) for stage in self.stages)
        if planned > self.max_seconds:
            raise UsageError(f"the stages last {planned:g} s, --max-seconds allows {self.max_seconds:g}: raise it")

    @property
    def open_(self) -> bool:
        """Whether conversations arrive whatever has become of those before."""
        return self.replay is not None or any(stage.open_ for stage in self.stages)

    @property
    def tick(self) -> float:
        """Seconds of one segment: short enough for a stage to have several."""
        lengths = [stage.seconds for stage in self.stages] or [self.window]
        return max(0.1, min(1.0, min(lengths) / 8))

    def cast(self, meter: EventMeter, *, attempts: int = 1) -> Cast:
        """Who plays, not yet open. Raises UsageError."""
        sampling = Sampling(temperature=self.temperature, max_tokens=self.max_tokens)
        streaming = Streaming(meter, self.max_tokens if self.forced else None, self.timeout, attempts)
        casts = make_casts(self.agents, AgentOptions(sampling, streaming=streaming))
        if len(casts) != 1:
            raise UsageError("stress one model at a time: give one plain --agent, and seat=SPEC for others at the table")
        return casts[0]

    def deal(self, cast: Cast) -> Mix:
        """The conversations to come, always the same ones. Raises UsageError and BadInstance."""
        return make_mix(self.mix, self.options, self.suite, cast, self.seed)

    def describe(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "agents": list(self.agents),
            "urls": list(self.urls),
            "sweep": list(self.sweep),
            "stages": [f"{stage.label}:{stage.seconds:g}s" for stage in self.stages],
            "replay": str(self.replay) if self.replay else None,
            "arrivals": self.arrivals if self.open_ else None,
            "think": self.think.seconds,
            "mix": dict(self.mix),
            "options": {name: dict(fields) for name, fields in self.options.items()},
            "suite": self.suite,
            "seed": self.seed,
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "forced_length": self.forced,
            "slo": dict(self.slo.limits),
            "warmup": self.warmup,
            "window": self.window,
            "timeout": self.timeout,
        }
