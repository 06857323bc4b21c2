"""The plan of a stress test: what the command line asks for, checked, and as it is reported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clemsim.catalog.agents import split_seat
from clemsim.catalog.kinds import AgentOptions
from clemsim.engines.base import Sampling
from clemsim.engines.connect import NetworkOptions
from clemsim.engines.stream_timing import EventMeter
from clemsim.engines.streaming import Streaming
from clemsim.errors import UsageError
from clemsim.runtime.agent import Cast
from clemsim.stress.plan.mix import LOAD_GAMES, Mix, make_mix
from clemsim.stress.plan.model_mix import LoadedModel, ModelMix, make_models
from clemsim.stress.plan.shapes import ArrivalProcess, Stage, ThinkTime
from clemsim.stress.plan.slo import Slo
from clemsim.stress.plan.slo_search import SloSearch
from clemsim.stress.stress_result import StressResult

ATTAINMENT = 0.95
MIN_GAIN, PATIENCE = 0.05, 2  # a sweep ends when this many steps in a row gained less than this share of throughput


class ReportedPlan(StressResult):
    """A plan as the report shows it; times in seconds. `stages` are written as on the command line."""

    agents: tuple[str, ...]
    urls: tuple[str, ...]
    sweep: tuple[int, ...]
    stages: tuple[str, ...]
    replay: str | None
    arrivals: ArrivalProcess | None
    think: float
    mix: Mapping[str, float]
    options: Mapping[str, Mapping[str, str]]
    suite: str
    seed: int
    temperature: float
    max_tokens: int
    forced_length: bool
    slo: Mapping[str, float]
    warmup: float
    window: float
    timeout: float
    verbatim: bool = False
    speed: float = 1.0
    constrain: bool = False
    attainment: float = ATTAINMENT
    find: str = ""
    gpus: float | None = None
    processes: int = 1
    price_per_gpu_hour: float | None = None
    models: Mapping[str, float] = {}  # weights of models that are loaded together


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of a stress test; times in seconds.

    `sweep` holds steps of concurrency, `stages` loads in a row, `replay` a recorded run or a trace: one of the three, or
    none if only answers are checked. `check` is the number of conversations at once in that check, None without one. With
    `forced_length` every reply has exactly `max_tokens` tokens.
    """

    agents: Sequence[str]
    urls: Sequence[str]
    sweep: Sequence[int] = ()
    stages: Sequence[Stage] = ()
    replay: Path | None = None
    verbatim: bool = False  # send the requests in `replay` word for word, without a game
    replay_width: int | None = None  # conversations of the trace at once, whatever their times; None: at their times
    constrain: bool = False
    trust: bool = False  # load whatever code the run in `replay` names
    speed: float = 1.0
    check: int | None = None
    episodes: int = 100
    warmup: float = 3.0
    window: float = 10.0
    arrivals: ArrivalProcess = "poisson"
    think: ThinkTime = field(default_factory=ThinkTime)
    mix: Mapping[str, float] = field(default_factory=lambda: {"taboo": 1.0})
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    models: Mapping[str, float] = field(default_factory=dict)  # weights of several models, by name
    suite: str = "paper"
    seed: int = 0
    temperature: float = 0.0
    max_tokens: int = 300
    forced_length: bool = False
    slo: Slo = field(default_factory=Slo)
    metrics_urls: Sequence[str] = ()  # of pages, where the servers' own addresses have none
    processes: int = 1  # that make the load together
    gpus: float | None = None  # that the servers have in all
    price: float | None = None  # of a GPU for an hour, in any currency
    attainment: float = ATTAINMENT  # share of turns that must meet the SLO for a load to keep it
    search: SloSearch | None = None  # for the most conversations that keep it, instead of other shapes
    timeout: float = 120.0
    network: NetworkOptions = field(default_factory=NetworkOptions)
    max_requests: int = 100_000
    max_seconds: float = 3600.0

    def __post_init__(self) -> None:
        if self.forced_length and (games := sorted(set(self.mix) - set(LOAD_GAMES))):
            raise UsageError(
                f"--no-model-text: {games[0]} cannot be played with replies of a forced length: use --mix talk=1"
            )
        if len({stage.open_loop for stage in self.stages}) > 1:
            raise UsageError("--stage: conversations that are kept under way (64:30s) and rates (5/s:30s) cannot be mixed")
        if self.search and not self.slo.limits_turns:
            raise UsageError("--find slo: say which limits on turns must be kept, as in --slo ttft:500,e2el:5000")
        if self.price and not self.gpus:
            raise UsageError("--price-per-gpu-hour: say how many GPUs the servers have, with --gpus")
        if len(self.plain_agents) > 1 and (self.check or self.replay):
            raise UsageError(f"{'--check' if self.check else '--replay'} plays with one model: give one plain --agent")
        planned = sum(stage.seconds + (0 if stage.open_loop else stage.warmup) for stage in self.stages)
        if planned > self.max_seconds:
            raise UsageError(f"the stages last {planned:g} s, --max-seconds allows {self.max_seconds:g}: raise it")

    @property
    def open_loop(self) -> bool:
        """Return whether conversations arrive whatever has become of earlier ones."""
        return self.replay is not None or any(stage.open_loop for stage in self.stages)

    @property
    def plain_agents(self) -> list[str]:
        """Return the SPECs of the models that are loaded, without those of single seats."""
        return list(dict.fromkeys(spec for spec in self.agents if not split_seat(spec)[0]))

    @property
    def replay_stage(self) -> Stage:
        """Return the stage of a replay, named after it."""
        width = self.replay_width
        name = f"replay {width}" if width else "replay" if self.speed == 1 else f"replay x{self.speed:g}"
        return Stage(width or 0, width or 0, 0.0, open_loop=True, name=name)

    @property
    def tick(self) -> float:
        """Return the seconds of one segment: short enough to cut every stage into several."""
        lengths = [stage.seconds for stage in self.stages] or [self.window]
        return max(0.1, min(1.0, min(lengths) / 8))

    def make_models(self, meter: EventMeter, *, attempts: int = 1) -> list[LoadedModel]:
        """Make the models to load, not yet open, whose requests are tried up to `attempts` times. Raise UsageError."""
        sampling = Sampling(temperature=self.temperature, max_tokens=self.max_tokens)
        tokens = self.max_tokens if self.forced_length else None
        streaming = Streaming(meter, tokens, self.verbatim, self.timeout, attempts)
        options = AgentOptions(sampling, constrain=self.constrain, streaming=streaming, network=self.network)
        return make_models(self.agents, self.models, options, meter)

    def make_cast(self, meter: EventMeter, *, attempts: int = 1) -> Cast:
        """Make the one model that answers are checked of, as `make_models` does."""
        return self.make_models(meter, attempts=attempts)[0].cast

    def make_mix(self, cast: Cast) -> Mix:
        """Make the mix of conversations, the same ones each time. Raise UsageError or BadInstance."""
        return make_mix(self.mix, self.options, self.suite, cast, self.seed)

    def make_model_mix(self, models: Sequence[LoadedModel]) -> Mix | ModelMix:
        """Make the mix of conversations of one model, or of several. Raise UsageError or BadInstance."""
        mixes = [(model.weight, self.make_mix(model.cast)) for model in models]
        return mixes[0][1] if len(mixes) == 1 else ModelMix(mixes)

    def reported(self) -> ReportedPlan:
        """Return the plan as the report shows it."""
        return ReportedPlan(
            agents=tuple(self.agents),
            urls=tuple(self.urls),
            sweep=tuple(self.sweep),
            stages=tuple(f"{stage.label}:{stage.seconds:g}s" for stage in self.stages),
            replay=str(self.replay) if self.replay else None,
            arrivals=self.arrivals if self.open_loop else None,
            think=self.think.seconds,
            mix=dict(self.mix),
            options={name: dict(fields) for name, fields in self.options.items()},
            suite=self.suite,
            seed=self.seed,
            temperature=self.temperature,
            max_tokens=self.max_tokens,
            forced_length=self.forced_length,
            slo=dict(self.slo.limits),
            warmup=self.warmup,
            window=self.window,
            timeout=self.timeout,
            **({"verbatim": self.verbatim, "speed": self.speed} if self.replay else {}),
            **({"constrain": True} if self.constrain else {}),
            **({"attainment": self.attainment} if self.attainment != ATTAINMENT else {}),
            **({"find": "slo"} if self.search else {}),
            **({"processes": self.processes} if self.processes > 1 else {}),
            **({"gpus": self.gpus} if self.gpus else {}),
            **({"price_per_gpu_hour": self.price} if self.price else {}),
            **({"models": dict(self.models)} if self.models else {}),
        )
