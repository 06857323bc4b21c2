"""The scores of codenames by clembench's names, made from a transcript."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import mean

from clemsim import Transcript
from clemsim.game.metrics import requests
from clemsim_arenas.codenames.board import ASSASSIN, CLUEGIVER, GUESSER, REVEALED, TEAM, Board, Deal
from clemsim_arenas.codenames.reading import NUMBERED, stripped_in_clue, stripped_in_guesses

EXPECTED = 2  # words that a team should guess in a round
FAULTS = tuple(f"{seat} validation error" for seat in ("Cluegiver", "Guesser"))


@dataclass(frozen=True, slots=True)
class CodenamesRound:
    """What became of a round: the kinds of the targets, the number of guesses, and the words turned over with their kinds.
    `left`: how many of the team's words lay face down. `fault`: the name of the validation error that ended it.
    """

    left: int
    targets: Mapping[str, str]
    guesses: int
    turned: Sequence[tuple[str, str]]
    fault: str = ""

    @property
    def scores(self) -> dict[str, float | None]:
        """The scores, rounded to three decimals."""
        aimed = sum(kind == TEAM for kind in self.targets.values())
        hit = sum(kind == TEAM for _, kind in self.turned)
        meant = sum(word in self.targets for word, _ in self.turned)
        size, opened = len(self.targets), len(self.turned)
        scores = {
            **{name: float(name == self.fault) for name in FAULTS},
            "Cluegiver Number of Targets": float(size),
            **_rates("Cluegiver Team", aimed, size, self.left),
            "Guesser Number of Guesses": float(self.guesses),
            "Guesser Number of Revealed Words": float(opened),
            "Guesser Number of Unrevealed Guesses": float(self.guesses - opened),
            **_rates("Guesser Target", meant, opened, size),
            **_rates("Guesser Team", hit, opened, self.left),
        }
        return {name: round(value, 3) for name, value in scores.items()}


def _rates(name: str, right: int, named: int, there: int) -> dict[str, float]:
    """Return precision, recall and F1; 0 where they are undefined."""
    precision, recall = right / named if named else 0.0, right / there if there else 0.0
    f1 = 2 * precision * recall / (precision + recall) if right else 0.0
    return {f"{name} Precision": precision, f"{name} Recall": recall, f"{name} F1": f1}


def rounds_of(transcript: Transcript[Deal]) -> list[CodenamesRound]:
    """Return the rounds of a game, the last one perhaps without guesses or without a clue."""
    return _played(transcript)[0]


def episode_scores(transcript: Transcript[Deal], *, verbatim: bool) -> dict[str, float | None]:
    """Return the scores of a game, rounded to three decimals. `verbatim`: whether replies were judged as they came."""
    rounds, board = _played(transcript)
    turns = transcript.turns
    texts = [(turn.seat, turn.replied.content if verbatim else turn.replied.content.strip()) for turn in turns]
    kinds = [kind for _, kind in board.turned]
    ended = transcript.outcome is not None and transcript.outcome.kind != "aborted"
    number = len(rounds) + (turns[-1].seat == GUESSER) if turns else 0
    counts = requests(len(turns), sum(turn.rejected is not None for turn in turns))
    deal = transcript.instance
    scores = {
        "Cluegiver strip words": sum(stripped_in_clue(text) for seat, text in texts if seat == CLUEGIVER),
        "Guesser strip words": sum(stripped_in_guesses(text) for seat, text in texts if seat == GUESSER),
        **_averages(rounds),
        "Game ended through assassin": float(ended and board.ended_by == ASSASSIN),
        "Episode Recall": kinds.count(TEAM) / len(deal.team),
        "Episode Negative Recall": 1 - (len(kinds) - kinds.count(TEAM)) / (len(deal.words) - len(deal.team)),
        "Number of turns": number,
        "Efficiency": min(sum(each.guesses for each in rounds) / number / EXPECTED, 1) if number else None,
    }
    return {name: None if value is None else round(float(value), 3) for name, value in (scores | counts).items()}


def _averages(rounds: Sequence[CodenamesRound]) -> dict[str, float]:
    scored = [each.scores for each in rounds]
    names = [name for name in (scored[0] if scored else ()) if name not in FAULTS]
    return {f"Average {name}": mean(each[name] or 0.0 for each in scored) for name in names}


def _played(transcript: Transcript[Deal]) -> tuple[list[CodenamesRound], Board]:
    """Return the rounds, and the board at the end."""
    board, rounds = Board.of(transcript.instance), list[CodenamesRound]()
    opponent = transcript.notes(REVEALED)
    for turn in transcript.turns:
        if turn.seat == CLUEGIVER:
            board.remove(next(opponent) if rounds else ())
            left = len(board.hidden[TEAM])
            targets = {word: board.kind_of(word) for word in (turn.move or {}).get("targets", ())}
            rounds.append(CodenamesRound(left, targets, 0, ()))
        elif turn.parsed is not None:
            before = rounds[-1]
            rounds[-1] = CodenamesRound(before.left, before.targets, len(turn.move), board.guess(turn.move))
        if turn.rejected is not None:
            before = rounds[-1]
            own = turn.seat == CLUEGIVER and turn.rejected.reason != NUMBERED
            rounds[-1] = CodenamesRound(before.left, before.targets, 0, (), FAULTS[0] if own else FAULTS[1])
    return rounds, board
