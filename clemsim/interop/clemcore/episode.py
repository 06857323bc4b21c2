"""One episode of a game master of clembench, moved reply by reply, recorded and scored as clemcore does it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from clemsim.interop.clemcore.code import GameCode
from clemsim.interop.clemcore.library import EXTRA, clemcore
from clemsim.interop.foreign.randomness import Randomness
from clemsim.interop.foreign.suspended import Suspended

Messages = list[dict[str, Any]]
GENERATION = {"temperature": 0.0, "max_tokens": 300}  # as clemcore has it: some games read it
MODEL = "clemsim"


class Wanted(NamedTuple):
    """A reply that a player needs: who, what its model is sent, and whether it remembers the last message as it is."""

    player: str
    messages: Messages
    keep: bool


@dataclass(slots=True)
class Listener:
    """Hears what the players of an episode perceive, as clemcore's own recorders do."""

    player: str = ""
    memorized: bool = True

    def log_event(self, from_: str, to: str, action: Mapping[str, Any], call: object = None) -> None:
        """Note whom the game master has just spoken to."""
        if from_ == "GM":
            self.player, self.memorized = to, action.get("label") != "forget"

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return _ignore


@dataclass(slots=True)
class MasterEpisode:
    """A game that goes on. `interactions`: clemcore's record of it; `scores`: what the game's scorer says of it once it has
    ended, by clemcore's names.
    """

    code: GameCode
    experiment: dict[str, Any]
    instance: dict[str, Any]
    seed: int
    interactions: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, Any] = field(default_factory=dict)
    _listener: Listener = field(default_factory=Listener)
    _players: dict[str, Any] = field(default_factory=dict)
    _models: list[Any] = field(default_factory=list)
    _work: Suspended[Wanted] = field(init=False)

    def __post_init__(self) -> None:
        self._models = models(self.code.spec.players, self._reply)
        self._work = Suspended(self._play, Randomness(self.seed), self.code.inside, EXTRA)

    def go_on(self, *reply: str) -> Wanted | None:
        """Begin, or give the reply that is wanted, and return what is wanted next. Raises whatever the game raises."""
        return self._work.go_on(*reply)

    def close(self) -> None:
        """Leave the episode where it is."""
        self._work.close()

    def _play(self) -> None:
        """Play as clemcore's own runner does."""
        library = clemcore()
        env = library.GameMasterEnv(self.code.benchmark, callbacks=library.GameBenchmarkCallbackList([self]))
        options = {"player_models": self._models, "experiment": self.experiment, "game_instance": self.instance}
        env.reset(options=options)
        for agent in env.agent_iter():
            context, _, terminated, truncated, _ = env.last(observe=True)
            env.step(None if terminated or truncated else env.player_by_agent_id[agent](context))
        self._score()

    def _score(self) -> None:
        """Score as clemcore does: from what it would have written."""
        experiment, instance = stored(self.experiment), stored(self.instance)
        experiment["game_name"] = self.code.spec.game_name
        scorer = self.code.benchmark.create_game_scorer(experiment, instance)
        scorer.compute_scores(stored(self.interactions))
        self.scores = stored(scorer.scores)

    def _reply(self, messages: Messages) -> str:
        """Wait for a reply; called by the model of a player."""
        listener = self._listener
        remembered = self._players[listener.player].get_perspective()
        keep = listener.memorized and bool(remembered) and remembered[-1] == messages[-1]
        return self._work.ask(Wanted(listener.player, messages, keep))

    def on_game_start(self, master: Any, instance: object) -> None:
        """Record the episode; called by clemcore."""
        spec = self.code.spec
        about = spec.game_name, self.experiment.get("name"), self.instance.get("game_id"), ""
        recorder = clemcore().GameInteractionsRecorder(*about, clemcore().Model.to_infos(self._models))
        for player in master.get_players():
            recorder.log_player(player.name, player.game_role, player.model.name)
            player.register(self._listener)
            self._players[player.name] = player
        master.register(recorder)
        self.interactions = recorder.interactions

    def on_game_step(self, *_: object) -> None:
        """Nothing: what happens is recorded."""

    def on_game_end(self, *_: object, **__: object) -> None:
        """Nothing: the play goes on to scoring."""


def models(count: int, reply: Callable[[Messages], str]) -> list[Any]:
    """Return models for so many players, whose replies come from `reply`."""
    library = clemcore()

    def generate(model: object, messages: Messages) -> tuple[Messages, dict[str, Any], str]:
        return [], {}, reply(messages)

    kind = type("SeatModel", (library.Model,), {"generate_response": generate})
    made = [kind(library.ModelSpec(model_name=MODEL)) for _ in range(count)]
    for model in made:
        model.set_gen_args(**GENERATION)
    return made


def stored(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return data as they are after clemcore has written and read them."""
    copy: dict[str, Any] = json.loads(json.dumps(data))
    return copy


def _ignore(*_: object, **__: object) -> None:
    pass
