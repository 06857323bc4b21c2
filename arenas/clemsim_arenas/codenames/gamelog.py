"""How clembench logs codenames."""

from __future__ import annotations

from typing import Any, ClassVar

from clemsim import Transcript, Turn
from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GameLog, JsonObject, LogBuilder
from clemsim_arenas.codenames.board import ASSASSIN, CLUEGIVER, GUESSER, KINDS, OPPONENT, REVEALED, TEAM, Board
from clemsim_arenas.codenames.reading import NUMBERED
from clemsim_arenas.codenames.scores import episode_scores

STRIP = "STRIP WORDS"
FLAGS = ("IGNORE RAMBLING", "IGNORE FALSE TARGETS OR GUESSES", "REPROMPT ON ERROR", STRIP, "IGNORE NUMBER OF TARGETS")
TOLD = "opponent revealed"
VARIABLES = {
    "risk": "Risk",
    "association": "Word Assignments",
    "opponent": "Opponent Difficulty",
    "frequency": "Word Frequency",
    "unambiguous": "Word Ambiguity",
    "ambiguous": "Word Ambiguity",
    "concrete": "Word Concreteness",
    "abstract": "Word Concreteness",
}


class CodenamesLog(GameLog):
    """A round begins with the opponent's turn. The scorer reads the events of rounds and keys."""

    roles: ClassVar = {CLUEGIVER: "ClueGiver", GUESSER: "Guesser"}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the table."""
        return {"board": instance.words, "assignments": {kind: getattr(instance, kind) for kind in KINDS}}

    def experiment(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return how many words there are of each kind, the opponent's pace, and that words are stripped."""
        return {
            "variable": _variable(instance.experiment),
            "opponent difficulty": instance.pace,
            "assignments": {kind: len(getattr(instance, kind)) for kind in KINDS},
            "flags": {flag: flag == STRIP for flag in FLAGS},
        }

    def facts(self, transcript: Transcript[Any]) -> dict[str, Any]:
        """Return the experiment and what it varies."""
        name = transcript.instance.experiment
        return {"experiment variable": _variable(name), "experiment name": name}

    def write(self, log: LogBuilder) -> None:
        """Log clues, guesses and what was turned over, and the keys."""
        board, by_opponent = Board.of(log.transcript.instance), list[str]()
        opponent = log.transcript.notes(REVEALED)
        for number, turn in enumerate(log.transcript.turns):
            if turn.seat == CLUEGIVER:
                if number:
                    log.next_round()
                    _opponent(log, board, by_opponent, next(opponent))
                log.note("board status", _status(board, by_opponent))
            log.exchange(turn)
            if turn.rejected is not None:
                log.note("validation error", _fault(turn, log.text(turn)))
            elif turn.seat == CLUEGIVER:
                _clue(log, board, turn.move)
            else:
                _guesses(log, board, turn.move)
        log.keys |= _keys(log, board, by_opponent)

    def texts_of(self, data: JsonObject, log: JsonObject) -> JsonObject:
        """Return what the opponent turned over before each round from the second on."""
        rounds = [[event["action"] for event in turn] for turn in log.get("turns") or ()]
        told = [[str(each["content"]["word"]) for each in actions if each["type"] == TOLD] for actions in rounds]
        return {"opponent_reveals": told[1:]}


def _variable(experiment: str) -> str:
    return VARIABLES.get(experiment.partition("_")[0], experiment)


def _opponent(log: LogBuilder, board: Board, by_opponent: list[str], words: list[str]) -> None:
    board.remove(words)
    by_opponent += words
    for word in words:
        log.note(TOLD, {"word": word, "assignment": OPPONENT})


def _clue(log: LogBuilder, board: Board, move: JsonObject) -> None:
    log.note("clue", move["word"])
    log.note("targets", list(move["targets"]))
    for word in move["targets"]:
        log.note("word targeted", {"word": word, "assignment": board.kind_of(word)})
    _end(log, board)


def _guesses(log: LogBuilder, board: Board, guesses: list[str]) -> None:
    targets = next(turn.move["targets"] for turn in reversed(_before(log)) if turn.seat == CLUEGIVER)
    log.note("guesses", guesses)
    for word, kind in board.guess(guesses):
        log.note("team revealed", {"word": word, "assignment": kind})
        if word in targets:
            log.note("target revealed", {"word": word, "assignment": kind})
        if kind != TEAM:
            log.note("turn end after", word)
    _end(log, board)


def _before(log: LogBuilder) -> list[Turn]:
    return [turn for _, turn in log.calls]


def _end(log: LogBuilder, board: Board) -> None:
    ends = {TEAM: "team has won", OPPONENT: "opponent has won", ASSASSIN: "opponent has won through assassin"}
    if board.ended_by:
        log.note("game end", ends[board.ended_by])


def _fault(turn: Turn, text: str) -> dict[str, str]:
    reason = turn.rejected.reason if turn.rejected else ""
    own = turn.seat == CLUEGIVER and reason != NUMBERED
    player = "Cluegiver" if own else "Guesser"
    return {"player": player, "type": reason.partition(":")[0], "utterance": text, "message": reason}


def _status(board: Board, by_opponent: list[str]) -> dict[str, Any]:
    team = {kind: [word for word, own in board.turned if own == kind] for kind in KINDS}
    opponent = {kind: list(by_opponent) if kind == OPPONENT else [] for kind in KINDS}
    hidden = {kind: list(words) for kind, words in board.hidden.items()}
    return {"hidden": hidden, "revealed": {TEAM: team, OPPONENT: opponent}}


def _keys(log: LogBuilder, board: Board, by_opponent: list[str]) -> dict[str, Any]:
    scores = episode_scores(log.transcript, verbatim=log.verbatim)
    outcome = log.transcript.outcome
    counts = ("Number of turns", "Request Count", "Parsed Request Count", "Violated Request Count")
    seats = ("Cluegiver", "Guesser")
    return {
        "board end status": _status(board, by_opponent),
        **{name: int(scores[name] or 0) for name in counts},
        "Aborted": outcome is not None and outcome.kind == "aborted",
        "Lose": outcome is not None and outcome.kind == "failure",
        "Game ended through assassin": bool(scores["Game ended through assassin"]),
        **{
            f"{seat} engaged flags": {
                flag: int(scores[f"{seat} strip words"] or 0) if flag == STRIP else 0 for flag in FLAGS
            }
            for seat in seats
        },
    }
