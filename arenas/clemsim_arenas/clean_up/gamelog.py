"""How clembench logs clean_up."""

from __future__ import annotations

from typing import Any, ClassVar

from clemsim import Transcript, Turn
from clemsim.arena import Arena
from clemsim.interop.clembench.gamelog import GameLog, LogBuilder, request_keys
from clemsim_arenas.clean_up.game import CleanUp
from clemsim_arenas.clean_up.reading import COMMANDS, FORMAT, HEAD, HEAD_TAIL, SEVERAL, START, TAIL
from clemsim_arenas.clean_up.room import FREE, RoomBoard
from clemsim_arenas.clean_up.scores import account_of, state_of
from clemsim_arenas.negotiations.seats import FIRST, SEATS, SECOND

# The names of texts in each part of clembench's instances, with the fields that clembench fills in.
INTERMITTENT = {
    "invalid_response": ("reason",),
    "message_relay": ("message",),
    "command_prompt": (),
    "new_turn_move": (),
    "new_turn": ("turn_message",),
    "penalty_counter": ("penalty",),
    "penalty_reprompt": (),
    "round_counter": ("round",),
}
MOVES = {
    "successful": ("object", "x", "y", "grid"),
    "out_of_bounds": ("object", "x", "y"),
    "not_empty": ("object", "x", "y"),
    "obj_not_found": ("object",),
}
ERRORS = (HEAD, TAIL, HEAD_TAIL, SEVERAL, FORMAT, START)
DISTANCES = ("Init Distance Sum", "End Distance Sum", "Expected Distance Sum")
DERIVED = ("Distance Score", "Consistency Score", "Coverage Score", "Penalty Score", "Main Score", "Request Success Ratio")
LISTED = ("Moves", "Init States", "End States")


class CleanUpLog(GameLog):
    """A round is a command of each, with all that had to be asked again. The scorer reads keys alone."""

    roles: ClassVar = {FIRST: "GridCleaner", SECOND: "GridCleaner"}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the board, the objects and all texts."""
        assert isinstance(arena, CleanUp)
        commands = COMMANDS[instance.language]
        limits = {"penalties": instance.penalties, "rounds": instance.rounds}

        def told(name: str, fields: tuple[str, ...]) -> str:
            return arena.say(instance, name, **{field: f"${field}" for field in fields}, **limits)

        return {
            "modality": "text",
            "language": instance.language,
            "max_penalties": instance.penalties,
            "max_rounds": instance.rounds,
            "empty_symbol": FREE,
            "background": "\n".join(instance.background),
            "objects_1": state_of(instance.objects[0]),
            "objects_2": state_of(instance.objects[1]),
            "intermittent_prompts": {name: told(name, fields) for name, fields in INTERMITTENT.items()},
            "move_messages": {name: told(name, fields) for name, fields in MOVES.items()},
            "parse_errors": {name: told(name, ()) for name in ERRORS} | {"restriction": ""},
            "say_pattern": commands.say_pattern,
            "move_pattern": commands.move_pattern,
            "terminate_question": commands.question,
            "terminate_answer": commands.answer,
            "p1_initial_prompt": arena.opening(instance, FIRST),
            "p2_initial_prompt": arena.opening(instance, SECOND, "$start_message"),
        }

    def facts(self, transcript: Transcript[Any]) -> dict[str, Any]:
        """Return the moves, and where the objects lay at the beginning and at the end."""
        account = account_of(transcript)
        players = {seat: f"Player {number}" for number, seat in enumerate(SEATS, 1)}
        starts = dict(zip(SEATS, account.room.objects, strict=True))
        values = (
            [[players[seat], letter] for seat, letter in account.moves],
            *({f"state_{n}": state_of(each[seat]) for n, seat in enumerate(SEATS, 1)} for each in (starts, account.ends)),
        )
        return dict(zip(LISTED, values, strict=True))

    def write(self, log: LogBuilder) -> None:
        """Log commands, what was wrong with replies, the boards at the end, and the keys."""
        turns = log.transcript.turns
        for number, turn in enumerate(turns):
            log.exchange(turn)
            log.note("player_response", log.text(turn))
            _judge(log, turn)
            if turn.seat == SECOND and turn.parsed is not None and number < len(turns) - 1:
                log.next_round()
        outcome, account = log.transcript.outcome, account_of(log.transcript)
        if outcome is not None:
            log.note("success" if outcome.kind == "success" else "end", outcome.reason)
        starts = dict(zip(SEATS, account.room.objects, strict=True))
        for name, objects in (("initial_state", starts), ("end_state", account.ends)):
            boards = (RoomBoard(account.room, dict(objects[seat])).drawn() for seat in SEATS)
            log.note(name, "\n\n".join(f"Player {number}:\n{board}" for number, board in enumerate(boards, 1)))
        log.keys |= _keys(log, self.facts(log.transcript))


def _judge(log: LogBuilder, turn: Turn) -> None:
    if turn.rejected is not None:
        log.note("parse_error" if turn.rejected.violation else "invalid_move", turn.rejected.reason)
    elif "letter" in turn.move:
        log.note("valid_move", f"{turn.move['letter']} moved to ({turn.move['column']}, {turn.move['row']})")


def _keys(log: LogBuilder, facts: dict[str, Any]) -> dict[str, Any]:
    scores, _ = log.arena.scores(log.transcript)
    whole = {name: int(value) for name, value in scores.items() if value is not None and name not in (*DERIVED, *DISTANCES)}
    return {"markdown": True, **facts, **whole, **{name: scores[name] for name in DISTANCES}, **request_keys(log)}
