"""An arena as an environment of OpenEnv: what its sessions say and show, and the client of a server of them.

from clemsim.interop.environments.openenv import ArenaClient, SeatAction

async with ArenaClient(base_url="http://127.0.0.1:8000") as env:
    result = await env.reset(seed=1)
    while not result.done:
        result = await env.step(SeatAction(text=my_policy(result.observation.messages)))
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from clemsim._util.extras import library
from clemsim.errors import ClemsimError, UsageError
from clemsim.interop.environments.learning_seat import LearnersEpisode, LearningSeat
from clemsim.interop.environments.stepping import LONGEST

_USE = ("openenv", "an environment of OpenEnv")
types = library("openenv.core.env_server.types", *_USE)
interfaces = library("openenv.core.env_server.interfaces", *_USE)
core = library("openenv.core", *_USE)
client_types = library("openenv.core.client_types", *_USE)

CLOSED = "this session was idle for too long and is closed: connect anew"
SPLIT = "test"  # instances are not parted
M = TypeVar("M")


class SeatAction(types.Action):  # type: ignore[misc, name-defined, unused-ignore]
    """The reply of the seat."""

    text: str = Field(max_length=LONGEST, description="What the seat replies, as a model would write it")


class SeatObservation(types.Observation):  # type: ignore[misc, name-defined, unused-ignore]
    """What the seat sees: `text` is what is new to it, its ask last, and `messages` its whole conversation as a chat, empty
    once the episode is over. At the end `metadata` has the outcome, and the game's metrics as `metrics`.
    """

    seat: str = Field(description="The seat that the client plays")
    text: str = Field(default="", description="What is new to the seat since it last replied, its ask last")
    messages: list[dict[str, str]] = Field(default_factory=list, description="The whole conversation of the seat as a chat")
    rewards: dict[str, float] = Field(default_factory=dict, description="What each seat has earned, once it is over")


class EpisodeState(types.State):  # type: ignore[misc, name-defined, unused-ignore]
    """Where a session stands."""

    arena: str = ""
    seat: str = ""
    instance: str = Field(default="", description="The instance that is played, such as high_en/3; empty: none yet")
    over: bool = Field(default=False, description="Whether its episode has ended")


class ArenaEnvironment(interfaces.Environment):  # type: ignore[misc, name-defined, unused-ignore]
    """One session: one episode after another of a learning seat. It is asynchronous, as the others' agents are."""

    SUPPORTS_CONCURRENT_SESSIONS = True
    REQUIRES_SINGLE_THREAD_EXECUTOR = True  # one thread makes and ends all sessions: each of them would have its own

    def __init__(self, seat: LearningSeat) -> None:
        super().__init__()
        self._seat = seat
        self._episodes = seat.episodes()
        self._episode: LearnersEpisode | None = None
        self._id: str | None = None
        self._steps = 0
        self._closed = False

    def reset(self, seed: int | None = None, episode_id: str | None = None, **options: Any) -> SeatObservation:
        """Raise UsageError: agents sit in the other seats."""
        raise UsageError("this environment is asynchronous: await reset_async")

    def step(self, action: SeatAction, timeout_s: float | None = None, **options: Any) -> SeatObservation:
        """Raise UsageError: agents sit in the other seats."""
        raise UsageError("this environment is asynchronous: await step_async")

    async def reset_async(self, seed: int | None = None, episode_id: str | None = None, **options: Any) -> SeatObservation:
        """Begin an episode. `instance`, or `index` of OpenEnv's tasks, names one by its place. Raises UsageError, and what
        `LearnersEpisode.until_asked` does.
        """
        self._check_open()
        place = _place(options)
        if seed is not None and not _is_number(seed):
            raise UsageError(f"seed is a whole number from 0, not {seed!r}")
        if episode_id is not None and not isinstance(episode_id, str):
            raise UsageError(f"episode_id is a text, not {episode_id!r}")
        episode = self._seat.play(self._episodes.begin(seed, place))
        self._drop()
        self._episode, self._id, self._steps = episode, episode_id, 0
        await self._until_asked(episode)
        return self._seen(episode, earned=None)

    async def step_async(self, action: SeatAction, timeout_s: float | None = None, **options: Any) -> SeatObservation:
        """Take the reply of the seat and let the others play on until it is asked again. Raises as `reset_async` does."""
        self._check_open()
        if self._episode is None:
            raise UsageError("there is no episode in this session: reset first, over the same WebSocket")
        self._steps += 1
        await self._until_asked(self._episode, action.text)
        return self._seen(self._episode, earned=0.0)

    @property
    def state(self) -> EpisodeState:
        """Where the session stands."""
        about = {"arena": self._seat.arena.name, "seat": self._seat.seat, "episode_id": self._id, "step_count": self._steps}
        if self._episode is None:
            return EpisodeState(**about)
        return EpisodeState(**about, instance=self._episode.stepped.driver.instance.label, over=self._episode.over)

    def get_metadata(self) -> Any:
        """Return what the environment is."""
        arena, others = self._seat.arena, ", ".join(f"{seat}={name}" for seat, name in self._seat.agents.items())
        told = f"{arena.name} of clemsim as {self._seat.seat} plays it" + (f" ({others})" if others else "")
        return types.EnvironmentMetadata(name=arena.name, description=told, version=str(arena.rules_version))

    def list_splits(self) -> list[dict[str, str]]:
        """Return the one split that there is."""
        return [{"name": SPLIT, "type": SPLIT}]

    def list_tasks(self, split: str) -> list[dict[str, Any]]:
        """Return the names and places of the instances, and nothing that a player must not know."""
        return [
            {"index": place, "id": instance.label, "experiment": instance.experiment}
            for place, instance in enumerate(self._episodes.instances if split == SPLIT else ())
        ]

    def num_tasks(self, split: str) -> int:
        """Return how many instances there are."""
        return len(self.list_tasks(split))

    def get_task(self, split: str, index: int) -> dict[str, Any]:
        """Return the name of the instance at a place. Raises IndexError."""
        return self.list_tasks(split)[index]

    def get_task_range(self, split: str, start: int | None = None, stop: int | None = None) -> list[dict[str, Any]]:
        """Return the names of some instances."""
        return self.list_tasks(split)[start:stop]

    def close(self) -> None:
        """End the session, whose place is free then."""
        self._closed = True
        self._drop()

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError(CLOSED)

    def _drop(self) -> None:
        if self._episode:
            self._episode.stepped.driver.close()
            self._episode = None

    async def _until_asked(self, episode: LearnersEpisode, reply: str | None = None) -> None:
        """Play until the seat is asked; an episode that a server or a bug keeps from going on is dropped."""
        try:
            await (episode.until_asked() if reply is None else episode.move(reply))
        except ClemsimError:
            self._check_open()  # it was closed while an agent was waited for
            if not episode.over:
                self._drop()
            raise

    def _seen(self, episode: LearnersEpisode, earned: float | None) -> SeatObservation:
        stepped, over = episode.stepped, episode.over
        return SeatObservation(
            seat=episode.seat,
            text=stepped.news(episode.seat),
            messages=[] if over else stepped.messages(),
            rewards=dict(stepped.rewards()) if over else {},
            reward=episode.reward if over else earned,
            done=over,
            metadata={**stepped.facts(), "metrics": episode.metrics()} if over else {},
        )


class ArenaClient(core.EnvClient):  # type: ignore[misc, name-defined, unused-ignore]
    """Plays a seat of an arena that a server has: `reset(seed=1)` or `reset(instance=3)`, then `step(SeatAction(...))`."""

    def _step_payload(self, action: SeatAction | str) -> dict[str, Any]:
        return {"text": action if isinstance(action, str) else action.text}

    def _parse_result(self, payload: Mapping[str, Any]) -> Any:
        seen = payload.get("observation", {})
        reward, done = payload.get("reward"), payload.get("done", False)
        observation = _read(SeatObservation, {**seen, "reward": reward, "done": done})
        return client_types.StepResult(observation=observation, reward=reward, done=done, metadata=payload.get("metadata"))

    def _parse_state(self, payload: Mapping[str, Any]) -> EpisodeState:
        return _read(EpisodeState, payload)


def _read(kind: type[M], payload: Mapping[str, Any]) -> M:
    try:
        return kind(**payload)
    except (ValidationError, TypeError) as error:
        raise UsageError(f"the server sends no {kind.__name__}: is it one of `clemsim serve-env`?") from error


def _place(options: Mapping[str, Any]) -> int | None:
    """Return the place of the instance that options of a reset name, if they do. Raises UsageError."""
    if unknown := [name for name in options if name not in ("instance", "index", "split")]:
        raise UsageError(f"reset knows no {unknown[0]!r}: give seed, episode_id, instance (its place)")
    if options.get("split", SPLIT) != SPLIT:
        raise UsageError(f"there is no split {options['split']!r}: all instances are in {SPLIT!r}")
    place: int | None = options.get("instance", options.get("index"))
    if place is not None and not _is_number(place):
        raise UsageError(f"instance is the place of an instance, a whole number from 0, not {place!r}")
    return place


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
