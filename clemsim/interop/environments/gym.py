"""An arena as a Gymnasium environment: one seat learns, agents sit in the others.

from clemsim.interop.environments.gym import ArenaGym
env = ArenaGym("taboo", seat="guesser", others={"describer": my_describer})
observation, info = env.reset(seed=1)
observation, reward, terminated, truncated, info = env.step("GUESS: dog")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from clemsim._util.extras import library
from clemsim.arena import Arena
from clemsim.errors import UsageError
from clemsim.game.instances import Instance
from clemsim.game.view import View
from clemsim.interop.environments.spaces import AnyText
from clemsim.interop.environments.stepping import Episodes, Stepped
from clemsim.interop.rewards import FORFEIT

gymnasium = library("gymnasium", "rl", "an environment of Gymnasium")

Policy = Callable[[View], str]  # what an agent says to what its seat sees


class ArenaGym(gymnasium.Env):  # type: ignore[misc, name-defined, unused-ignore]
    """The episodes of an arena as one seat plays them. `others`: a policy for each other seat, or one for all of them; an
    observation is what is new to the seat, its ask last, and `info["messages"]` its whole conversation as a chat.
    """

    metadata = {"render_modes": ["ansi"]}  # noqa: RUF012 (Gymnasium's way)

    def __init__(
        self,
        arena: Arena[Any] | str,
        seat: str | None = None,
        others: Policy | Mapping[str, Policy] | None = None,
        instances: Sequence[Instance] = (),
        forfeit: float = FORFEIT,
    ) -> None:
        """Take what `Episodes` takes. Raises UsageError, also for a seat that there is not or that nobody plays."""
        self._episodes = Episodes(arena, instances, forfeit)
        seats = self._episodes.arena.seats
        self._seat = seat or seats[0]
        if self._seat not in seats:
            raise UsageError(f"{self._episodes.arena.name} has no seat {seat!r}: choose one of {', '.join(seats)}")
        self._others: Mapping[str, Policy] = (
            others if isinstance(others, Mapping) else {name: others for name in seats if others is not None}
        )
        if missing := [name for name in seats if name != self._seat and name not in self._others]:
            raise UsageError(
                f"nobody plays {', '.join(missing)}: give others={{seat: policy}}, or one policy for all of them"
            )
        self.observation_space, self.action_space = AnyText(), AnyText()
        self.render_mode = "ansi"
        self._stepped: Stepped | None = None

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[str, dict[str, Any]]:
        """Begin an episode, which others may have ended before the seat was asked: the first step is over then.

        `options={"instance": 3}` names it by its place. Raises UsageError.
        """
        super().reset(seed=seed)
        self._stepped = self._episodes.begin(seed, (options or {}).get("instance"))
        return self._until_asked(self._stepped)

    def step(self, action: str) -> tuple[str, float, bool, bool, dict[str, Any]]:
        """Take the reply of the seat and play on until it is asked again, or the episode is over. Raises UsageError where
        there is none.
        """
        stepped = self._stepped
        if stepped is None:
            raise UsageError("there is no episode: reset the environment")
        if stepped.outcome is None:
            stepped.move(action)
        observation, info = self._until_asked(stepped)
        over = stepped.outcome is not None
        return observation, float(stepped.rewards()[self._seat]) if over else 0.0, over, False, info

    def render(self) -> str:
        """Return the episode so far as text."""
        from clemsim.testing import render  # noqa: PLC0415 (a testing module, which environments seldom need)

        return render(self._stepped.driver.transcript) if self._stepped else ""

    def close(self) -> None:
        """Leave the episode where it is."""
        if self._stepped:
            self._stepped.driver.close()
            self._stepped = None

    def _until_asked(self, stepped: Stepped) -> tuple[str, dict[str, Any]]:
        while stepped.seat not in (None, self._seat):
            stepped.move(self._others[str(stepped.seat)](stepped.view))
        info = stepped.facts() if stepped.seat is None else {"messages": stepped.messages()}
        return stepped.news(self._seat), info
