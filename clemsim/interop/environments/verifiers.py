"""An arena as an environment of verifiers: its instances are the tasks, one seat is the model's, agents have the others.

env = load_environment(arena="taboo", seat="guesser", others=["describer=baseline"])

or `vf-eval clemsim-verifiers --env.taskset.arena taboo --env.taskset.seat guesser`. The whole conversation of the seat is
sent each time as clemsim's own agents send it, so that games in which a seat forgets or is asked aside are right, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from random import SystemRandom
from typing import Any

import aiohttp
from pydantic import model_validator
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt
from tenacity.wait import wait_random_exponential

from clemsim._util.extras import library
from clemsim.errors import ClemsimError, UsageError
from clemsim.game.messages import Message
from clemsim.interop.environments.learning_seat import LearnersEpisode, LearningSeat, arena_of_suite, line_of
from clemsim.interop.rewards import FORFEIT
from clemsim.runtime.model_agent import split_thought

vf = library("verifiers.v1", "verifiers", "an environment of verifiers")
chat_dialect = library("verifiers.v1.dialects.chat", "verifiers", "an environment of verifiers")

PLUGIN = "clemsim-verifiers"  # the package of that name leads here
REWARD = "seat_reward"
OTHERS = "reward_of_"  # and the seat
UNFINISHED = "unfinished"
LONGEST_SEED = 2**32
ATTEMPTS = 5
BUSY, FAILED = 429, 500  # statuses after which a request is sent again: this one, and those from this one on
LONGEST_ERROR = 2000  # characters
RESENT = "x-stainless-retry-count"  # by which verifiers knows that a request is sent again


class ArenaTasksetConfig(vf.TasksetConfig):  # type: ignore[misc, name-defined, unused-ignore]
    """Which seat of which arena, who sits in the others, and which instances."""

    arena: str = ""
    """A game, or path/to/game.py:Class."""
    seat: str | None = None
    """The seat of the model; the first one unless given."""
    others: list[str] = []  # noqa: RUF012 (pydantic copies it)
    """SPECs of the agents in the other seats, `SPEC` or `seat=SPEC`; baseline (or random) unless given."""
    suite: str | None = None
    """The suite whose instances are the tasks; the game's own unless given."""
    rules: str | None = None
    """The rule set of games that have several."""
    forfeit: float = FORFEIT
    """The reward of a seat that breaks the rules of form."""
    seed: int | None = None
    """Decides the draws of all rollouts of a task alike; unless given, each rollout has draws of its own."""

    @model_validator(mode="after")
    def _exists(self) -> ArenaTasksetConfig:
        """Tell what is wrong as a mistake in the configuration."""
        if self.arena:
            try:
                self.learning_seat()
            except ClemsimError as error:
                raise ValueError(line_of(error)) from error
        return self

    def learning_seat(self) -> LearningSeat:
        """Return the seat and who sits in the others. Raises UsageError and ArenaError."""
        if not self.arena:
            raise UsageError("which game? give arena=..., or --env.taskset.arena GAME")
        arena, instances = arena_of_suite(self.arena, self.suite, self.rules)
        return LearningSeat(arena, self.seat, self.others or None, instances, self.forfeit)


class ArenaTaskData(vf.TaskData):  # type: ignore[misc, name-defined, unused-ignore]
    """An instance, by its place among those of the taskset. What is in it, no seat may know before it plays."""

    place: int
    experiment: str


class ArenaTask(vf.Task[ArenaTaskData]):  # type: ignore[misc, name-defined, unused-ignore]
    """An instance to play; the arena scores it."""


class ArenaTaskset(vf.Taskset[ArenaTask, ArenaTasksetConfig]):  # type: ignore[misc, name-defined, unused-ignore]
    """The instances of an arena in which the seat plays."""

    def __init__(self, config: ArenaTasksetConfig) -> None:
        super().__init__(config)
        self.learning = config.learning_seat()

    def load(self) -> Iterator[ArenaTask]:
        """Yield a task for each instance."""
        for place, instance in enumerate(self.learning.instances):
            name = f"{self.learning.arena.name}/{instance.label}"
            data = ArenaTaskData(name=name, id=name, prompt=None, place=place, experiment=instance.experiment)
            yield ArenaTask(data, self.config.task)


class SeatHarnessConfig(vf.HarnessConfig):  # type: ignore[misc, name-defined, unused-ignore]
    """A harness without options of its own."""

    id: str = PLUGIN


class SeatHarness(vf.Harness[SeatHarnessConfig]):  # type: ignore[misc, name-defined, unused-ignore]
    """Sends the conversation of the seat as it is, from this process: no program is started for a rollout."""

    APPENDS_SYSTEM_PROMPT = True
    EXECUTES_CODE = False
    NEEDS_CONTAINER = False

    async def session(self, *about: Any, **more: Any) -> SeatSession:
        """Return the connection of one rollout."""
        return SeatSession(self, *about, **more)

    async def launch(self, *about: Any, **more: Any) -> Any:
        """Raise UsageError: an arena opens each conversation."""
        raise UsageError(f"the harness {PLUGIN} plays arenas: leave --env.taskset.id as {PLUGIN}")


class _Again(Exception):
    """A request failed, and may not when it is sent again."""


class SeatSession(vf.HarnessSession):  # type: ignore[misc, name-defined, unused-ignore]
    """The connection of one rollout to the model, through the server with which verifiers records it."""

    _web: aiohttp.ClientSession | None = None

    async def _run(self, messages: Sequence[Any] | None) -> Any:
        """Ask for the reply to a whole conversation, again where the server fails; verifiers records each time."""
        if messages is None:
            return await self.harness.launch()
        self._web = self._web or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None))
        body = {"model": self.ctx.model, "messages": [chat_dialect.message_to_wire(message) for message in messages]}
        try:
            async for attempt in AsyncRetrying(
                retry=retry_if_exception_type(_Again),
                stop=stop_after_attempt(ATTEMPTS),
                wait=wait_random_exponential(multiplier=0.5, max=8.0),
                reraise=True,
            ):
                with attempt:
                    return await self._ask(self._web, body, attempt.retry_state.attempt_number - 1)
        except _Again as error:
            return vf.ProgramResult(exit_code=1, stdout="", stderr=str(error))

    async def _ask(self, web: aiohttp.ClientSession, body: Mapping[str, Any], before: int) -> Any:
        """Send a request that was sent `before` times in vain. Raises _Again where that may help."""
        headers = {"Authorization": f"Bearer {self.secret}"} | ({RESENT: str(before)} if before else {})
        try:
            async with web.post(f"{self.endpoint}/chat/completions", json=body, headers=headers) as answer:
                said = await answer.text()
        except aiohttp.ClientError as error:
            raise _Again(f"{type(error).__name__}: {error}") from error
        if answer.status == BUSY or answer.status >= FAILED:
            raise _Again(said[-LONGEST_ERROR:])
        return vf.ProgramResult(
            exit_code=0 if answer.ok else 1, stdout="", stderr="" if answer.ok else said[-LONGEST_ERROR:]
        )

    async def close(self) -> None:
        """Close the connection."""
        await super().close()
        if self._web:
            await self._web.close()


class ArenaEnvConfig(vf.EnvConfig):  # type: ignore[misc, name-defined, unused-ignore]
    """The model plays as `player`, in this process unless told otherwise."""

    player: vf.AgentConfig = vf.AgentConfig(runtime=vf.SubprocessConfig())  # type: ignore[name-defined, unused-ignore]


class ArenaEnv(vf.Env[ArenaEnvConfig]):  # type: ignore[misc, name-defined, unused-ignore]
    """Episodes of an arena. The reward of a rollout is what the seat has earned, its metrics are those of the game, and
    what the other seats have earned.
    """

    async def start(self) -> None:
        """Open the agents of the other seats."""
        self._open = AsyncExitStack()
        await self._open.enter_async_context(self.taskset.learning.opened())

    async def stop(self) -> None:
        """Close them."""
        await self._open.aclose()

    async def run(self, task: ArenaTask, agents: Any) -> None:
        """Play one instance. Raises what agents in other seats meet."""
        learning, given = self.taskset.learning, self.taskset.config.seed
        seed = SystemRandom().randrange(LONGEST_SEED) if given is None else given
        episode = learning.play(learning.episodes().begin(seed, task.data.place))
        about = {"seed": seed, "instance": episode.stepped.driver.instance.label}
        try:
            await self._play(task, agents.player, episode, about)
        finally:
            episode.stepped.driver.close()

    async def _play(self, task: ArenaTask, player: Any, episode: LearnersEpisode, about: dict[str, Any]) -> None:
        whole = isinstance(player.harness, SeatHarness)
        await episode.until_asked()
        async with player.interaction(task) as interaction:
            interaction.trace.info["clemsim"] = about
            while not episode.over:
                asked = episode.stepped.messages() if whole else episode.stepped.news(episode.seat)
                segment = await interaction.turn(asked)
                if segment.terminated:
                    break
                await episode.move(_reply(episode.seat, segment, interaction.trace))
        _record(interaction.trace, episode)


def load_environment(
    arena: str,
    seat: str | None = None,
    others: Sequence[str] | str = (),
    *,
    suite: str | None = None,
    rules: str | None = None,
    forfeit: float = FORFEIT,
    seed: int | None = None,
    **env: Any,
) -> ArenaEnv:
    """Return the environment of a seat; arguments are the fields of `ArenaTasksetConfig`, and `env` those of verifiers'
    `EnvConfig`, such as `retries`. Raises UsageError and ArenaError.
    """
    agents = [others] if isinstance(others, str) else list(others)
    about = {"arena": arena, "seat": seat, "others": agents, "suite": suite, "rules": rules}
    try:
        taskset = ArenaTasksetConfig(id=PLUGIN, **about, forfeit=forfeit, seed=seed)
    except ValueError as error:
        if isinstance(cause := error.__cause__ or _cause(error), ClemsimError):
            raise cause from None
        raise
    return ArenaEnv(ArenaEnvConfig(taskset=taskset, **env))


def _cause(error: Any) -> BaseException | None:
    """Return what a validator of pydantic's has raised from, if anything."""
    found = next((each.get("ctx", {}).get("error") for each in error.errors()), None) if hasattr(error, "errors") else None
    return found.__cause__ if isinstance(found, Exception) else None


def _reply(seat: str, segment: Any, trace: Any) -> Message:
    """Return the reply in a segment as clemsim's own agents would have it: its thinking apart, and why it ended."""
    said = next(message for message in reversed(segment.messages) if message.role == "assistant")
    thought, move = split_thought(said.content or "")
    finish = trace.calls[-1].finish_reason if trace.calls else None
    thought = said.reasoning_content or thought
    stop = "thinking" if finish == "length" and thought and not move else finish or "stop"
    return Message(seat, move, thought, stop)


def _record(trace: Any, episode: LearnersEpisode) -> None:
    """Record reward and metrics of a rollout. One that a limit of verifiers has ended is unfinished, and earns nothing; one
    that failed has no reward.
    """
    if trace.errors:
        return
    trace.record_metric(UNFINISHED, float(not episode.over))
    trace.record_reward(REWARD, episode.reward)
    if episode.over:
        trace.record_metrics(episode.metrics())
        earned = episode.stepped.rewards()
        trace.record_metrics({f"{OTHERS}{seat}": value for seat, value in earned.items() if seat != episode.seat})
        trace.info["clemsim"] |= episode.stepped.facts()
