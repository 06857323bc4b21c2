"""The arena of a game of clembench: seats are the players that a model plays, its game master asks, its scorer scores."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

from clemsim.arena import Arena
from clemsim.errors import ArenaError, ClemsimError, ParserError, ReplayMismatch, UsageError
from clemsim.game.content import Image
from clemsim.game.events import Noted
from clemsim.game.instances import Instance
from clemsim.game.outcomes import Kind, Outcome
from clemsim.game.table import Table
from clemsim.game.transcript import Transcript
from clemsim.interop.clembench.recorded import KINDS, MAIN, number, numbers
from clemsim.interop.clemcore.code import GameCode, explaining, reason, without_instances
from clemsim.interop.clemcore.code_files import GAME_FILE, parts_of
from clemsim.interop.clemcore.conversation import SeatedPlayer
from clemsim.interop.clemcore.episode import MasterEpisode, Wanted, models, stored
from clemsim.interop.clemcore.images import check_saved, picture
from clemsim.interop.clemcore.library import clemcore_version
from clemsim.interop.clemcore.seats import player_of, seat_of

SCHEME = "clembench"
EPISODE, ROUNDS = "episode scores", ("round scores", "turn scores")  # as clemcore's files have them
GM, END = "GM", "end"
LONGEST = 200  # characters of a reason


class ClembenchInstance(Instance):
    """An instance of a game of clembench. `data`: as its file has it; `settings`: what its experiment says, None where that
    is in the game's own file.
    """

    data: dict[str, Any]
    settings: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class MasterRecord:
    """What clemcore keeps of an episode: the contents of `interactions.json` and `scores.json`. `rounds`: the number of the
    round of each turn, from 0.
    """

    interactions: dict[str, Any]
    scores: dict[str, Any]
    rounds: tuple[int, ...]


class ClembenchGame(Arena[ClembenchInstance], framework=True):
    """A game of clembench. Its game master decides what a reply is worth, and how often it may be tried again."""

    max_turns = 10_000
    code: ClassVar[GameCode]

    @property
    def rules_version(self) -> str:
        """The version of clemcore, a digest of the game's files, and the version of this adapter."""
        return f"clemcore-{clemcore_version()}+{self.code.digest}+{self.version}"

    def instances(self) -> list[ClembenchInstance]:
        """All instances of the game's file."""
        return [
            ClembenchInstance(experiment=str(each["name"]), id=_id(data, place), seed=_id(data, place), data=data)
            for each in self.code.experiments
            for place, data in enumerate(each.get("game_instances") or ())
        ]

    def warm_up(self) -> None:
        """Look whether all pictures of the web were saved. Raises UsageError."""
        check_saved(self.code.experiments, self.code.file, self.code.folder)

    async def play(self, table: Table, instance: ClembenchInstance, /) -> Outcome:
        """Ask whomever the game master turns to, until the game is over and scored. Raises ArenaError where it cannot begin,
        and ParserError where it fails at a reply.
        """
        episode = MasterEpisode(self.code, self.settings(instance), _copy(instance.data), instance.seed)
        seats = {player_of(seat): SeatedPlayer(table, seat, self._picture) for seat in self.seats}
        last: str | None = None
        try:
            wanted = self._go_on(episode)
            while wanted is not None:
                if wanted.player not in seats:
                    raise ArenaError(f"{self.name} asks a model for {wanted.player}, which its first instance does not")
                last = seats[wanted.player].seat
                reply = await seats[wanted.player].ask(wanted.messages, keep=wanted.keep)
                wanted = self._go_on(episode, reply)
        finally:
            episode.close()
        for key in (EPISODE, *ROUNDS):
            if key in episode.scores:
                table.note(key, episode.scores[key])
        return self._outcome(episode, last)

    def metrics(self, transcript: Transcript[ClembenchInstance], /) -> Mapping[str, float | None]:
        """The numbers among the scores of the game's own scorer, by its names."""
        return numbers(noted(transcript, EPISODE))

    def rounds(self, transcript: Transcript[ClembenchInstance], /) -> Sequence[Mapping[str, float | None]]:
        """The scores of each round, of the game's own scorer."""
        return [numbers(own) for key in ROUNDS for own in noted(transcript, key).values() if isinstance(own, dict)]

    def record(self, transcript: Transcript[ClembenchInstance], /, *, verbatim: bool = False) -> MasterRecord:
        """Return clemcore's record of a finished episode, made again from its replies, which were judged as they came where
        `verbatim`. Raises ReplayMismatch where the game does not play as it did.
        """
        instance, rounds = transcript.instance, []
        episode = MasterEpisode(self.code, self.settings(instance), _copy(instance.data), instance.seed)
        try:
            wanted = self._go_on(episode)
            for turn in transcript.turns:
                if wanted is None or seat_of(wanted.player) != turn.seat:
                    raise ReplayMismatch(f"{self.name} does not ask {turn.seat} again in turn {turn.asked.turn}")
                rounds.append(len(episode.interactions["turns"]) - 1)
                wanted = self._go_on(episode, turn.replied.content if verbatim else turn.replied.content.strip())
        finally:
            episode.close()
        if wanted is not None:
            raise ReplayMismatch(f"{self.name} goes on after what was its last turn")
        return MasterRecord(stored(episode.interactions), episode.scores, tuple(rounds))

    def settings(self, instance: ClembenchInstance) -> dict[str, Any]:
        """Return what the experiment of an instance says, for an episode to change. Raises ArenaError."""
        if instance.settings is not None:
            return _copy(instance.settings)
        return settings_of(self.code, instance.experiment)

    def _picture(self, reference: str) -> Image:
        return picture(reference, self.code.checkout, self.code.folder)

    def _go_on(self, episode: MasterEpisode, *reply: str) -> Wanted | None:
        try:
            return episode.go_on(*reply)
        except ClemsimError:
            raise
        except Exception as error:
            kind = ParserError if reply else ArenaError
            raise kind(f"the game master of {self.name} failed: {reason(error)}") from error

    def _outcome(self, episode: MasterEpisode, last: str | None) -> Outcome:
        scores: dict[str, Any] = episode.scores.get(EPISODE) or {}
        kind: Kind = next((kind for name, kind in KINDS.items() if scores.get(name) == 1), "failure")
        quality = number(scores.get(MAIN))
        if quality is not None:  # some games go below 0: that stands among the scores as it is
            quality = min(100.0, max(0.0, quality))
        if kind == "aborted":
            return Outcome(kind, _last_words(episode), last)
        return Outcome(kind, "" if kind == "success" else _last_words(episode), None, quality)


@cache
def arena_of(named: str) -> type[ClembenchGame]:
    """Return the arena of `CHECKOUT/GAME`, or of `CHECKOUT/GAME@INSTANCES` with another file of instances of the game.

    Raises UsageError where there is none, or something that the game needs is missing.
    """
    checkout, game, instances = parts_of(named)
    is_game = (checkout / game / GAME_FILE).is_file()
    if not game or (not is_game and ("/" not in named or any((checkout / game).glob(f"*/{GAME_FILE}")))):
        raise UsageError(
            f"{SCHEME}:{named} names no game: write {SCHEME}:CHECKOUT/GAME, such as {SCHEME}:../clembench/taboo"
        )
    code = GameCode(checkout.resolve(), game, instances)
    about_it = {
        "__module__": __name__,
        "__doc__": getattr(code.spec, "description", "") or f"{game} of clembench.",
        "name": f"{SCHEME}:{code.name}" + (f"@{instances}" if instances else ""),
        "foreign": f"clemcore {clemcore_version()}",
        "code": code,
        "seats": _seats(code),
    }
    return type("ClembenchGame", (ClembenchGame,), about_it)


def _seats(code: GameCode) -> tuple[str, ...]:
    """Return the seats: the players that the game gives a model. Raises UsageError."""
    experiment = next((each for each in code.experiments if each.get("game_instances")), None)
    if experiment is None:
        raise UsageError(f"{SCHEME}:{code.name} has no instances in {code.instances}.json")

    def unasked(_: object) -> str:
        raise AssertionError("a game that is set up asks nobody")

    seated = models(code.spec.players, unasked)
    with explaining(f"{SCHEME}:{code.name}"), code.inside():
        master = code.benchmark.create_game_master(settings_of(code, experiment["name"]), seated)
        master.setup(**_copy(experiment["game_instances"][0]))
        players = [player for player in master.get_players() if any(player.model is model for model in seated)]
    if not players:
        raise UsageError(f"{SCHEME}:{code.name} gives no player a model: there is nobody to ask")
    return tuple(seat_of(player.name) for player in players)


@cache
def _pickled_settings(code: GameCode, experiment: str) -> bytes:
    found = next((each for each in code.experiments if str(each["name"]) == experiment), None)
    if found is None:
        raise ArenaError(f"{SCHEME}:{code.name} has no experiment {experiment!r}")
    return pickle.dumps(without_instances(found))


def settings_of(code: GameCode, experiment: str) -> dict[str, Any]:
    """Return what an experiment says of its instances, for an episode to change. Raises ArenaError."""
    settings: dict[str, Any] = pickle.loads(_pickled_settings(code, str(experiment)))
    return settings


def _copy(data: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = pickle.loads(pickle.dumps(data))
    return copy


def _id(data: Mapping[str, Any], place: int) -> int:
    """Return the number of an instance; its place where clembench gives it none."""
    id_ = data.get("game_id")
    if isinstance(id_, str) and id_.isdecimal():
        return int(id_)
    return id_ if isinstance(id_, int) and not isinstance(id_, bool) else place


def noted(transcript: Transcript[Any], key: str) -> dict[str, Any]:
    """Return what was written down of the scores; nothing of an episode without any."""
    noted = (event.value for event in transcript.events if isinstance(event, Noted) and event.key == key)
    found: Any = next(noted, None)
    return found if isinstance(found, dict) else {}


def _last_words(episode: MasterEpisode) -> str:
    """Return what the game master said to itself last, as text; empty: nothing."""
    said = [
        event["action"]
        for turn in episode.interactions.get("turns", ())
        for event in turn
        if event["from"] == event["to"] == GM and event["action"].get("type") != END
    ]
    return " ".join(f"{said[-1].get('type')}: {said[-1].get('content')}".split())[:LONGEST] if said else ""
