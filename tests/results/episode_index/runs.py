"""Runs of a few episodes, written by the ordinary writer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from clemsim.game.events import Asked, Ended, Event, Parsed, Rejected, Replied, Told
from clemsim.game.instances import EpisodeKey, Instance
from clemsim.game.messages import Message, Usage
from clemsim.game.outcomes import Outcome
from clemsim.game.view import View
from clemsim.runtime.agent import Seated
from clemsim.store.writer import RunStore


@dataclass(frozen=True)
class Played:
    """An episode: its key, what was said, and what came of it; None: it goes on."""

    arena: str
    number: int
    cast: str = "m"
    said: Sequence[str] = ("CLUE: a fruit", "GUESS: apple")
    outcome: Outcome | None = field(default_factory=Outcome.success)
    stop: str = "stop"
    retries: int = 0
    rejected: bool = False
    tokens: int = 10
    seated: Sequence[Seated] = ()

    @property
    def key(self) -> EpisodeKey:
        """Its key."""
        return EpisodeKey(self.arena, f"easy/{self.number}", 0, self.cast)


LETTERS = "the guess '{}' does not have 5 letters"
TABOO = Outcome.aborted("the reply does not start with 'CLUE: '", blame="describer")
RUN = [
    Played("taboo", 0),
    Played("taboo", 1, said=("CLUE: round", "GUESS: moon", "don't!"), outcome=Outcome.failure("out of rounds")),
    Played("taboo", 2, outcome=TABOO, said=("no idea",), stop="length", tokens=300),
    Played("wordle", 0, outcome=Outcome.aborted(LETTERS.format("CRANES"), blame="guesser"), rejected=True),
    Played("wordle", 1, outcome=Outcome.aborted(LETTERS.format("MOO"), blame="guesser"), retries=2),
    Played("wordle", 0, "k", outcome=Outcome.success(40)),
    Played("chess", 0, "red=m,blue=k", outcome=Outcome.scores({"red": 1, "blue": 0}, reason="mate"),
           seated=[Seated("red", "red", "m"), Seated("blue", "blue", "k")]),
    Played("taboo", 3, outcome=None),
]  # fmt: skip


def write(folder: Path, episodes: Sequence[Played] = RUN, *, session: float = 1.0) -> Path:
    """Write a run, and return its folder."""
    folder.mkdir(exist_ok=True)
    with RunStore(folder / "run.db") as store:
        for episode in episodes:
            store.enlist(episode.key, Instance(experiment="easy", id=episode.number), 1)
        store.session(session, {"seconds": 1.0})
        for episode in episodes:
            record(store, episode)
    return folder


def record(store: RunStore, episode: Played) -> None:
    """Write an episode from its beginning on."""
    key = episode.key
    store.started(key)
    events: list[Event] = [Told("guesser", "You play taboo with a describer.")]
    for turn, text in enumerate(episode.said, 1):
        usage = Usage("model", 1, 1.0, 0.5, episode.tokens, turn, 1, episode.retries)
        view = View(key, "describer", turn, 0, None, (), 0, Message("moderator", "Please speak."))
        store.request(key, "m", view, Message("describer", text, "", episode.stop, usage))
        judged: Event = Rejected(turn, "no word") if episode.rejected and turn == 1 else Parsed(turn, text)
        events += [
            Asked(turn, "describer", "Please speak."),
            Replied(turn, "describer", text, "pondering", episode.stop),
            judged,
        ]
    if outcome := episode.outcome:
        events.append(Ended(outcome.kind, outcome.reason, outcome.blame, outcome.quality))
    store.record(key, 0, events)
    if outcome:
        store.ended(key, outcome, {}, [], episode.seated)
