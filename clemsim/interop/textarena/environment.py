"""An environment of TextArena as one episode uses it: made, asked whose turn it is, and moved."""

from __future__ import annotations

import copy
import io
import sys
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.metadata import version
from typing import Any, TypeVar

from clemsim._util.extras import library
from clemsim.errors import UsageError
from clemsim.interop.foreign.nltk_data import loading_data
from clemsim.interop.foreign.randomness import Randomness
from clemsim.interop.textarena.inner_model import AnswerWanted, Mailbox, seated_models

T = TypeVar("T")
MOST_PLAYERS = 15
KEPT = 16  # environments that are kept to be copied
NEEDED = (ImportError, LookupError, SyntaxError, OSError)  # what an environment that is not whole here fails with


@dataclass(frozen=True, slots=True)
class Players:
    """How many players an environment takes. `model`: it calls a model of its own, which is a seat then."""

    least: int
    most: int
    model: bool

    @property
    def fewest(self) -> int:
        """Return how many play unless more are asked for: two where that is possible."""
        return min(max(2, self.least), self.most)

    def __str__(self) -> str:
        return f"{self.least} players" if self.least == self.most else f"{self.least} to {self.most} players"


@cache
def textarena() -> Any:
    """Return the library. Raises UsageError where it is not installed.

    NLTK, which it imports, complains for good to whatever stderr is meanwhile of data that it cannot load; what is missing
    is said when an environment is named.
    """
    with redirect_stderr(io.StringIO()):
        return library("textarena", "textarena", "an arena of TextArena")


@cache
def textarena_version() -> str:
    """Return the version of the library that is installed."""
    return version("textarena")


def names() -> list[str]:
    """Return the names of all environments, without those that only differ in what they show of themselves."""
    known: dict[str, Any] = textarena().envs.registration.ENV_REGISTRY
    return [name for name in known if not name.endswith(("-raw", "-train"))]


@cache
def players_of(name: str) -> Players:
    """Return how many players an environment takes, which only trying tells. Raises UsageError where it takes none."""
    if name not in textarena().envs.registration.ENV_REGISTRY:
        raise UsageError(f"TextArena has no environment {name!r}: its names are such as ConnectFour-v0, SecretMafia-v0")
    taken, failed, model = list[int](), Exception(), False
    for count in range(1, MOST_PLAYERS + 1):
        try:
            made = Environment(name, count, seed=0)
        except NEEDED as error:
            raise UsageError(f"textarena:{name} cannot be made here: {_reason(error)}") from error
        except AnswerWanted:  # its model is asked before the first move
            taken.append(count)
            model = True
        except Exception as error:
            failed = error
            if taken:
                break
        else:
            taken.append(count)
            model = model or made.has_model
    if not taken:
        raise UsageError(f"textarena:{name} takes no number of players from 1 to {MOST_PLAYERS}: {failed}")
    return Players(taken[0], taken[-1], model)


def _reason(error: Exception) -> str:
    """Return what an environment failed with, and what would help."""
    said = f"{type(error).__name__}: {' '.join(str(error).split()).strip('* ').partition('. Please')[0][:160]}"
    if command := loading_data(error):
        return f"it needs data of NLTK: {command}, or NLTK_DATA names its folder"
    if isinstance(error, SyntaxError) and sys.version_info < (3, 12):
        return f"{said}: Python 3.12 may read it"
    return said


class Environment:
    """One game. Its global random numbers are its own, and what it prints is not shown."""

    def __init__(self, name: str, players: int, seed: int, answers: Sequence[str] = ()) -> None:
        """Make an environment and set it up. Raises whatever it raises, UsageError without TextArena, and AnswerWanted where
        it asks more of its model than `answers` before the first move.
        """
        self._mailbox = Mailbox(list(answers))
        self._env = copy.deepcopy(_pattern(name)) or _made(name, self._mailbox)
        self._random = Randomness(seed)
        self._quietly(lambda: self._env.reset(num_players=players, seed=seed))

    @property
    def has_model(self) -> bool:
        """Whether it calls a model of its own."""
        return self._mailbox.asked

    def ask(self) -> tuple[int, str]:
        """Return whose turn it is, and what that player is shown."""
        player, observation = self._quietly(self._env.get_observation)
        return int(player), _text(observation)

    def move(self, action: str, answers: list[str]) -> bool:
        """Make a move and return whether the game is over. Raises AnswerWanted where the environment asks more of its model
        than `answers`; the game is as before the move then.
        """
        if not self.has_model:
            return bool(self._quietly(lambda: self._env.step(action=action))[0])
        before, state = copy.deepcopy(self._env), self._random.copy()
        self._mailbox.answers[:] = answers
        self._mailbox.again()
        try:
            return bool(self._quietly(lambda: self._env.step(action=action))[0])
        except BaseException:
            self._env = before
            self._random.go_back(state)
            raise

    def result(self) -> tuple[dict[int, float], dict[int, dict[str, Any]]]:
        """Return rewards and facts by player, once the game is over. Some environments give a reward and its reason in each
        other's place: they are put right.
        """
        rewards, facts = self._quietly(self._env.close)
        given, about = dict(rewards or {}), dict(facts or {})
        for player in [player for player, reward in given.items() if isinstance(reward, str)]:
            about[player] = {**about.get(player, {}), "reason": given.pop(player)}
        return {int(player): float(reward) for player, reward in given.items()}, about

    def _quietly(self, call: Callable[[], T]) -> T:
        return _quietly(self._random, call)


@lru_cache(maxsize=KEPT)
def _pattern(name: str) -> Any:
    """Return an environment that was made, to be copied: some take seconds to be made, as they read word lists. None where
    that cannot be: it has a model, which answers one episode, or cannot be copied.
    """
    mailbox = Mailbox()
    made = _made(name, mailbox)
    try:
        copy.deepcopy(made)
    except Exception:
        return None
    return None if mailbox.asked else made


def _made(name: str, mailbox: Mailbox) -> Any:
    """Make an environment; what it draws meanwhile is always the same."""

    def make() -> Any:
        with seated_models(textarena(), mailbox):
            return textarena().make(name)

    return _quietly(Randomness(0), make)


def _quietly(random: Randomness, call: Callable[[], T]) -> T:
    """Call something that draws random numbers of its own and prints what nobody wants to see."""
    with random.own(), redirect_stdout(io.StringIO()):
        return call()


def _text(observation: object) -> str:
    """Return an observation as text: environments without wrappers show a list of messages."""
    if isinstance(observation, str):
        return observation
    return "\n".join(str(message[1]) for message in observation)  # type: ignore[attr-defined]
