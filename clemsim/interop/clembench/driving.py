"""Drive the episodes of clembench's results through the arenas that clemsim has, by the rules that they were played by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any

from clemsim._util.files import write_files
from clemsim.arena import Arena, find_arena
from clemsim.catalog.plugins import registered
from clemsim.catalog.suites import Suite
from clemsim.errors import ClemsimError, UsageError
from clemsim.game.events import Event
from clemsim.game.instances import Instance
from clemsim.game.outcomes import Outcome
from clemsim.interop.clembench.checkout import convert
from clemsim.interop.clembench.port import JsonObject, Metrics, Port, ports
from clemsim.interop.clembench.recorded import RecordedEpisode, is_fact, number
from clemsim.interop.clembench.redriving import RecordedReply, arena_for, redrive, seated
from clemsim.interop.clembench.rules import rules_of_results
from clemsim.interop.clembench.verify import alike


@dataclass(frozen=True, slots=True)
class DrivenEpisode:
    """A recorded episode, driven again.

    `outcome` is None where it did not come to an end; `trouble` then says why in a few words, `problem` in more. `instance`
    is None where the arena could not make one. `version`: of the arena. `numbered`: the scores of the rounds by the numbers
    that clembench gives them, of which `unsettled` are not compared. `unlogged`: the players whose replies were taken from
    their requests, as the dialogue lacks some.
    """

    version: int | str
    rules: str | None
    instance: Instance | None = None
    events: Sequence[Event] = ()
    outcome: Outcome | None = None
    scores: Metrics = field(default_factory=dict)
    rounds: Sequence[Metrics] = ()
    numbered: Mapping[str, Metrics] = field(default_factory=dict)
    unsettled: Sequence[str] = ()
    trouble: str = ""
    problem: str = ""
    unlogged: Sequence[str] = ()

    def comes_to(self, outcome: Outcome) -> bool:
        """Return whether it ended as recorded, with the same main score."""
        own = self.outcome
        return own is not None and not self.trouble and own.kind == outcome.kind and alike(own.quality, outcome.quality)


@dataclass(frozen=True, slots=True)
class _Replies:
    """All replies of an episode in their order, and the players of whom the dialogue lacks some. `at_once`: what the game
    asks at once was asked so; else one after another.
    """

    given: Sequence[RecordedReply]
    unlogged: Sequence[str] = ()
    at_once: bool = False


class Redriver:
    """Drives episodes. `suite` gives word lists, prompts and rules. Without it, words and prompts are those that a recording
    holds, and the rules are `rules`, or those of the version of clemcore that it names.
    """

    def __init__(self, folder: Path, suite: Suite | None = None, rules: str | None = None) -> None:
        """`folder`: where prompts and word lists of recordings are put meanwhile."""
        self.suite = suite
        self._rules = rules
        self._arenas: dict[tuple[str, str | None, str], Arena[Any]] = {}
        self._rule_sets: dict[str, frozenset[str]] = {}  # by arena
        self._folder = folder
        self._known, self._ports = frozenset(registered("arenas")), ports()  # asked once: that takes longer than an episode
        self._lists: tuple[JsonObject, dict[str, str]] = ({}, {})  # of the last experiment: its description, its files

    def untold(self, game: str) -> list[str]:
        """Return the fields of the arena's instances that a recording does not hold in full."""
        return ["seed", *(self._ports[game].untold if game in self._ports else ())]

    def version(self, episode: RecordedEpisode) -> int | str:
        """Return the version of the arena, with its rule set, by which an episode was played that is not driven; 0 where
        clemsim has no such game, or nothing tells.
        """
        if unknown := self._unknown_rules(episode):
            return int(unknown) if unknown.isdecimal() else unknown
        told = self._given_rules or episode.config.get("rules") or episode.clem_version
        return self._arena(episode, None, {}).rules_version if told and episode.game in self._known else 0

    def instance(self, episode: RecordedEpisode) -> Instance | None:
        """Return the arena's instance of an episode that is not driven; None where it cannot be made."""
        if episode.game not in self._known or episode.instance is None:
            return None
        port = self._ports.get(episode.game)
        try:
            texts = _texts(port, episode) or (port.stand_ins(episode.instance) if port else {})
            return _instance(self._arena(episode, None, {}), port, episode, texts)
        except (ClemsimError, LookupError, TypeError, ValueError, AttributeError):
            return None

    def drive(self, episode: RecordedEpisode) -> DrivenEpisode | None:
        """Drive an episode; None where clemsim has no such game or rules, or the recording no instance or no dialogue."""
        if (
            episode.game not in self._known
            or episode.instance is None
            or episode.log is None
            or self._unknown_rules(episode)
        ):
            return None
        first: DrivenEpisode | None = None
        for rules in self._possible_rules(episode):
            driven = self._drive_by(episode, rules)
            if not any(differences(episode, driven)):
                return driven
            first = first or driven
        return first

    def _drive_by(self, episode: RecordedEpisode, rules: str | None) -> DrivenEpisode:
        """Drive an episode by a rule set; None: by that which it names or its version stands for."""
        port = self._ports.get(episode.game)
        texts = _texts(port, episode)
        arena = self._arena(episode, port, texts, rules)
        instance: Instance | None = None
        try:
            instance = _instance(arena, port, episode, texts)
            replies = _replies(arena, port, episode)
            driven = redrive(arena, instance, replies.given, at_once=replies.at_once)
        except (ClemsimError, LookupError, TypeError, ValueError, AttributeError) as error:
            problem = f"not driven: {type(error).__name__} {error}"
            return DrivenEpisode(arena.rules_version, arena.rules_name, instance, trouble="not driven", problem=problem)
        return DrivenEpisode(
            arena.rules_version,
            arena.rules_name,
            instance,
            driven.transcript.events,
            None if driven.trouble else driven.outcome,
            driven.scores,
            driven.rounds,
            (port or Port()).numbered(driven.rounds),
            (port or Port()).unsettled,
            driven.trouble or "",
            f"turn {driven.turn}: {driven.problem}" if driven.trouble else "",
            replies.unlogged,
        )

    def _possible_rules(self, episode: RecordedEpisode) -> Sequence[str | None]:
        """Return the rule sets by which an episode may have been played."""
        port = self._ports.get(episode.game) or Port()
        told = self._given_rules or _named_rules(episode)
        several = not told and rules_of_results(episode.clem_version) in port.rule_sets
        return port.rule_sets if several else [None]

    @property
    def _given_rules(self) -> str | None:
        """The rule set that holds whatever a recording names."""
        return self._rules or (self.suite.rules if self.suite else None)

    def _unknown_rules(self, episode: RecordedEpisode) -> str | None:
        """Return the rules of a recording that clemsim does not have: of an earlier version of a game, or a later."""
        if self._given_rules or episode.game not in self._known:
            return None
        named = _named_rules(episode) or rules_of_results(episode.clem_version)
        if episode.game not in self._rule_sets:
            self._rule_sets[episode.game] = frozenset(find_arena(episode.game).RULES)
        return named if self._rule_sets[episode.game] and named not in self._rule_sets[episode.game] else None

    def _arena(
        self, episode: RecordedEpisode, port: Port | None, texts: JsonObject, wanted: str | None = None
    ) -> Arena[Any]:
        rules = wanted or self._rules
        if not rules and not self._given_rules and not self._unknown_rules(episode):
            rules = _named_rules(episode) or rules_of_results(episode.clem_version)
        files = self._recorded_files(episode, port, texts) if port and self.suite is None else {}
        digest = blake2b(repr(sorted(files.items())).encode(errors="surrogatepass"), digest_size=8).hexdigest()
        key = episode.game, rules, digest if files else ""
        if key not in self._arenas:
            self._arenas[key] = self._make(episode.game, rules, files, digest)
        return self._arenas[key]

    def _make(self, game: str, rules: str | None, files: Mapping[str, str], digest: str) -> Arena[Any]:
        if not files:
            return arena_for(game, self.suite, rules)
        folder = self._folder / f"{game}-{digest}"
        write_files(folder, files, UsageError)
        kind = find_arena(game)
        return kind(folder, rules=rules if kind.RULES else None, verbatim=True)

    def _recorded_files(self, episode: RecordedEpisode, port: Port, texts: JsonObject) -> dict[str, str]:
        """Return prompts and word lists as the recording has them; none where it lacks some."""
        config = {**episode.config, "name": episode.experiment}
        try:
            if self._lists[0] is not episode.config:
                lists = {f"resources/{name}": text for name, text in port.resources(config).items()}
                self._lists = episode.config, lists
            prompts = port.prompts(config, episode.instance or {}, texts)
        except (LookupError, TypeError, ValueError, AttributeError):
            return {}
        return {f"prompts/{name}.txt": f"{text}\n" for name, text in prompts.items()} | self._lists[1]


def differences(episode: RecordedEpisode, driven: DrivenEpisode) -> Iterator[tuple[str, str]]:
    """Yield in what an episode that was driven differs from its recorded outcome and scores: kind and text."""
    outcome, now = episode.outcome, driven.outcome
    if driven.trouble or now is None:
        yield driven.trouble, driven.problem
        return
    if outcome is not None and now.kind != outcome.kind:
        yield "outcome", f"recorded {outcome.kind}, driven again {now.kind} ({now.reason})"
    for name, value in (episode.scores or {}).items():
        recorded = number(value)
        if is_fact(value):
            continue
        if name not in driven.scores:
            yield name, "the arena has no such metric"
        elif not alike(driven.scores[name], recorded):
            yield name, f"recorded {recorded}, driven again {driven.scores[name]}"


def _named_rules(episode: RecordedEpisode) -> str | None:
    """Return the rules that clemsim named when it exported an episode."""
    own = episode.config.get("rules")
    return own if isinstance(own, str) else None


def _texts(port: Port | None, episode: RecordedEpisode) -> JsonObject:
    """Return what the instance refers to, as far as the recording has it."""
    data = {**(episode.instance or {}), "game_id": episode.number}
    if port is None:
        return {}
    try:
        return data.get("resources") or port.log.texts_of(data, episode.log or {})
    except (LookupError, TypeError, ValueError, AttributeError):
        return {}


def _instance(arena: Arena[Any], port: Port | None, episode: RecordedEpisode, texts: JsonObject) -> Instance:
    data = dict(episode.instance or {})
    if port is None:
        instance: Instance = arena.load({name: value for name, value in data.items() if name != "game_id"})
        return instance
    config = {**episode.config, "name": episode.experiment}
    return convert(port, arena, config, {**data, "game_id": episode.number}, texts)


def _replies(arena: Arena[Any], port: Port | None, episode: RecordedEpisode) -> _Replies:
    logged = [reply for reply in episode.replies if int(reply["player"].split()[-1]) <= len(arena.seats)]
    if len(arena.seats) > 1:
        return _Replies(seated(arena, logged))
    calls = episode.calls.get("Player 1", [])
    if len(calls) > len(logged):
        turns = [call.turn for call in calls if call.turn is not None]
        by_turn = len(set(turns)) == len(calls)
        ordered = sorted(calls, key=lambda call: call.turn or 0) if by_turn else calls
        return _Replies([RecordedReply(arena.seats[0], call.text) for call in ordered], ["Player 1"], at_once=by_turn)
    told = port.log.replies_of(episode.log or {}) if port else None
    return _Replies(seated(arena, logged) if told is None else [RecordedReply(arena.seats[0], text) for text in told])
