"""Clean up: put the objects on two boards in the same places, without seeing each other's.

Both seats see the same room with the same objects, each in places of its own. In each round first one seat and then the
other gives one command: `SAY: text`, which the other seat gets, or `MOVE: C, (2, 5)`, an object, its new column and row;
its first command must be a message. Commands are those of the language (English, German, Chinese, Italian), case-sensitive,
alone and on one line; back-ticks do not count. Anything else, and a move to what is no free cell or of what is no object,
is a penalty for both, and the seat is asked again. A message with "finished?" in it marks its seat, for good; one with
"finished!" ends the game if the other seat is marked. So does the last round. Either is a success; its score tells how
close the objects lie and how few penalties there were (`clemsim_arenas.clean_up.scores`).

Too many penalties abort. By the rules v3.0 they are counted when a round ends, even if both have just agreed to end. By the
rules playschool, those of a shared task of 2026, they are counted at each reply without a command, so that illegal moves
alone abort nothing; "finished!" marks its seat too; a reply without a command counts as two parse errors; and an aborted
game is not lost besides.

Kept, so that results can be compared with clembench's: a success whose objects lie farther apart than by chance is `Lose`,
too, with score 0. Penalties are those of both. With texts of clembench's, the first seat is told the number of the round
before. Nothing tells a seat that the other is marked.

Rulings: a seat that has been asked again 150 times in one turn has aborted, where clembench's v3.0 would go on for ever. A
success with twice the penalties that are allowed, where clembench fails, is aborted. Coordinates of thousands of digits,
where it fails, are out of bounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from clemsim import Invalid, Outcome, Parser, Piece, Table, Transcript
from clemsim_arenas.clean_up.pieces import boards
from clemsim_arenas.clean_up.reading import COMMANDS, MovedObject, NoCommand, SaidMessage, command_format, read_command
from clemsim_arenas.clean_up.room import Cell, Room, RoomBoard
from clemsim_arenas.clean_up.scores import episode_scores, main_score, quality_of, round_scores
from clemsim_arenas.negotiations.seats import FIRST, SEATS, SECOND, other
from clemsim_arenas.wordings.wordings import WordedArena

REASKS = 150  # in one turn
MOST_DIGITS = 4300  # of a number that Python reads


@dataclass(frozen=True, slots=True)
class CleanUpRules:
    """When the penalties are held against their limit; whether the answer that ends the game marks its seat, too; how many
    parse errors a reply without a command is; and whether an aborted game is lost besides.
    """

    penalties_count: Literal["at the end of a round", "at a reply without a command"]
    answer_marks: bool
    errors_each: int
    aborted_is_lost: bool


class PenalisedReply(Invalid):
    """A reply that is a penalty; `told`: what the seat is told of it."""

    def __init__(self, reason: str, told: str, *, violation: bool) -> None:
        super().__init__(reason, violation=violation)
        self.told = told


@dataclass(slots=True)
class Course:
    """The game as it goes on: the boards, who is marked, the penalties of each seat, and what each is told next."""

    boards: Mapping[str, RoomBoard]
    asks: dict[str, str]
    marked: set[str] = field(default_factory=set)
    penalties: Counter[str] = field(default_factory=Counter)
    number: int = 0  # of the round, from 0

    @property
    def blamed(self) -> str:
        """The seat with more penalties."""
        return max(SEATS, key=lambda seat: self.penalties[seat])


class CleanUp(WordedArena[Room]):
    """Agree with another player on where the objects of two rooms belong, and put yours there."""

    name, version = "clean_up", 1
    RULES: ClassVar[Mapping[str, CleanUpRules]] = {
        "v3.0": CleanUpRules("at the end of a round", answer_marks=False, errors_each=1, aborted_is_lost=True),
        "playschool": CleanUpRules("at a reply without a command", answer_marks=True, errors_each=2, aborted_is_lost=False),
    }
    rules: CleanUpRules
    seats = SEATS
    max_turns = 2 * 200 * (1 + REASKS)

    async def play(self, table: Table, room: Room, /) -> Outcome:
        """Ask each seat in turn for a command, until both agree to end or the rounds are over."""
        boards = {seat: RoomBoard(room, dict(own)) for seat, own in zip(SEATS, room.objects, strict=True)}
        course = Course(boards, {FIRST: self.opening(room, FIRST), SECOND: ""})
        for course.number in range(room.rounds):
            for seat in SEATS:
                command = await self._command(table, room, course, seat)
                agreed = self._carried_out(room, course, seat, command)
                too_many = seat == SECOND and self._too_many(room, course, "at the end of a round")
                if too_many:
                    return Outcome.aborted("too many penalties", blame=course.blamed)
                if agreed:
                    return _ended(room, course, "both agree to end")
        return _ended(room, course, "the rounds are over")

    async def _command(self, table: Table, room: Room, course: Course, seat: str) -> SaidMessage | MovedObject:
        """Ask a seat until its reply is a command that can be carried out."""
        board, commands = course.boards[seat], COMMANDS[room.language]
        must_say = seat == FIRST and course.number == 0

        def read(reply: str) -> SaidMessage | MovedObject:
            try:
                command = read_command(reply, commands, must_say=must_say)
            except NoCommand as problem:
                told = self.say(room, "invalid_response", reason=self.say(room, str(problem)))
                raise PenalisedReply(str(problem).replace("_", " "), told, violation=True) from problem
            if isinstance(command, MovedObject):
                self._check(room, board, command)
            return command

        def again(problem: Invalid, tries: int) -> str | None:
            course.penalties[seat] += 1
            over = problem.violation and self._too_many(room, course, "at a reply without a command")
            if over or tries > REASKS or not isinstance(problem, PenalisedReply):
                return None
            return f"{problem.told}\n{self._counted(room, course)}{self.say(room, 'penalty_reprompt')}"

        held_to = command_format(commands, board, must_say=must_say)
        return await table.ask(seat, course.asks[seat], parse=Parser(read, held_to), reask=again)

    def _check(self, room: Room, board: RoomBoard, move: MovedObject) -> None:
        """Raise PenalisedReply for a move that cannot be made."""
        if move.letter not in board.objects:
            told = self.say(room, "obj_not_found", object=move.letter)
            raise PenalisedReply(f"there is no object {move.letter[:20]!r}", told, violation=False)
        cell = cell_of(move)
        if cell is None or not room.is_inside(cell):
            column, row = cell or (move.column[:20], move.row[:20])
            told = self.say(room, "out_of_bounds", object=move.letter, x=column, y=row)
            raise PenalisedReply("the cell is out of bounds", told, violation=False)
        if cell not in board.free_cells():
            told = self.say(room, "not_empty", object=board.at(cell), x=cell[0], y=cell[1])
            raise PenalisedReply(f"the cell holds {board.at(cell)}", told, violation=False)

    def _carried_out(self, room: Room, course: Course, seat: str, command: SaidMessage | MovedObject) -> bool:
        """Carry out a command, and return whether it is an agreement to end. What the seat and the other are told next."""
        board, partner = course.boards[seat], other(seat)
        if isinstance(command, MovedObject):
            cell = cell_of(command)
            assert cell is not None
            board.objects[command.letter] = cell
            own = self.say(room, "successful", object=command.letter, x=cell[0], y=cell[1], grid=board.drawn())
            news = self.say(room, "new_turn_move")
        else:
            own = self.say(room, "message_relay", message=command.message)
            news = self.say(room, "new_turn", turn_message=command.message)
        if seat == FIRST and course.number == 0:
            course.asks[SECOND] = self.opening(room, SECOND, command.message if isinstance(command, SaidMessage) else "")
        else:
            shown = course.number + 1 + (seat == SECOND and not room.texts)
            counted = self.say(room, "round_counter", round=shown, rounds=room.rounds) + self._counted(room, course)
            course.asks[partner] += f"{counted}{news}{self.say(room, 'command_prompt')}"
        course.asks[seat] = own
        return isinstance(command, SaidMessage) and self._agrees(room, course, seat, command.message)

    def _agrees(self, room: Room, course: Course, seat: str, message: str) -> bool:
        commands = COMMANDS[room.language]
        answers = commands.answer in message
        if commands.question in message or (self.rules.answer_marks and answers):
            course.marked.add(seat)
        return answers and other(seat) in course.marked

    def _too_many(self, room: Room, course: Course, now: str) -> bool:
        return self.rules.penalties_count == now and course.penalties.total() > room.penalties

    def _counted(self, room: Room, course: Course) -> str:
        return self.say(room, "penalty_counter", penalty=course.penalties.total(), penalties=room.penalties)

    def opening(self, room: Room, seat: str, start_message: str = "") -> str:
        """Return what a seat is told first: the second seat, with the first message."""
        number = SEATS.index(seat)
        begun = {} if seat == FIRST else {"start_message": start_message}
        if room.texts:
            return self.say(room, f"opening_{number + 1}", **begun)
        board = RoomBoard(room, dict(room.objects[number]))
        facts = {"penalties": room.penalties, "rounds": room.rounds, "objects": ", ".join(board.objects)}
        begin = self.say(room, f"begin_{number + 1}", **begun)
        return self.say(room, "opening", grid=board.drawn().removesuffix("\n"), **facts, begin=begin)

    def metrics(self, transcript: Transcript[Room], /) -> Mapping[str, float | None]:
        """Return clembench's scores, of any game: distances, moves, penalties and what is made of them."""
        scores = episode_scores(transcript, self.rules.errors_each)
        outcome = transcript.outcome
        if outcome is not None and outcome.kind == "aborted":
            return {**scores, "Lose": float(self.rules.aborted_is_lost), "Main Score": None}
        far = (scores["End Distance Sum"] or 0) > (scores["Expected Distance Sum"] or 0)
        return {**scores, "Lose": float(far), "Main Score": main_score(scores)}

    def render(self, transcript: Transcript[Room], /) -> Sequence[Piece]:
        """Return the boards of both seats at the start and after each move."""
        moved = [turn for turn in transcript.turns if turn.parsed is not None and "letter" in turn.move]
        moves = [
            (turn.asked.turn, turn.seat, turn.move["letter"], (int(turn.move["column"]), int(turn.move["row"])))
            for turn in moved
        ]
        return [*boards(transcript.instance, moves)]

    def rounds(self, transcript: Transcript[Room], /) -> Sequence[Mapping[str, float | None]]:
        """Return the counts of requests of each round."""
        return round_scores(transcript)


def cell_of(move: MovedObject) -> Cell | None:
    """Return the cell that a move names; None where its numbers are too long to be read."""
    if max(len(move.column), len(move.row)) > MOST_DIGITS:
        return None
    return int(move.column), int(move.row)


def _ended(room: Room, course: Course, reason: str) -> Outcome:
    """Return the outcome of a game that came to its end."""
    if course.penalties.total() == 2 * room.penalties:
        return Outcome.aborted("twice as many penalties as are allowed", blame=course.blamed)
    ends = [course.boards[seat].objects for seat in SEATS]
    return Outcome.success(quality_of(room, ends[0], ends[1], course.penalties.total()), reason)
