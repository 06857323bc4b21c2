"""Text adventure: explore rooms, and bring about what the task says, one command a turn.

The player is told the task and what there is in the room, and replies with a command on a line that starts with `>`, such
as `> take apple from table`. What came of it is the next ask. `> done` ends the game: a success if all goals hold, else a
failure; after the last turn allowed the game is aborted, also by a `done` in it. Main score: the share of goals that hold,
in percent, also of a failure. A reply without `>` at its start aborts the game. In the variant `plan` a reply also needs a
line `Next actions:` with the commands to come, or the word "done" anywhere; the plan is tried out without changing the
world, and metrics tell how much of it would have worked and whether it was followed.

The command is the rest of the first line. Things, actions and events are those of the world that an instance names; how a
command is read and carried out stands in `clemsim_arenas.adventures`. Goals count as they are after a command that was
carried out, before what happens by itself then.

The rule sets v1.6 and v3.0 are the same: clembench has the game since v2.0, and its rules are those of v3.0.

Kept from clembench: `put` needs the thing only in the same room, not in hand nor in reach; a type without an instance meets
every condition; texts of refusals are lower-cased; reaching all goals does not end the game. Rulings: facts, and so all that
is told, are in the order of the instance, new ones last, where clembench's order changes from process to process; what is in
a closed container is told of, as in clembench's recordings; "floor" is that of the present room; what lies on two things is
taken from the one it was put on last; a `done` in the first turn without a plan has an empty plan; what is missing in a text
is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from clemsim import Arena, Invalid, Outcome, Parser, Piece, Table, Transcript
from clemsim.formats import line, literal
from clemsim.game.seeds import Dice
from clemsim_arenas.adventuregame.instances import MOST_TURNS, Adventure
from clemsim_arenas.adventuregame.pieces import course
from clemsim_arenas.adventuregame.scores import NO_COMMAND, NO_PLAN, TURN, episode_scores, round_scores, turn_note
from clemsim_arenas.adventures.interpreter import DONE, Interpreter, Response

ADVENTURER = "adventurer"
PLAN = "\nNext actions:"


@dataclass(frozen=True, slots=True)
class AdventureRules:
    """Both rule sets are one."""


@dataclass(frozen=True, slots=True)
class Move:
    """A command, and the plan that follows it, None where there is none."""

    command: str
    plan: tuple[str, ...] | None = None


def read_command(reply: str) -> Move:
    """Return the command of a reply. Raises Invalid."""
    if not reply.startswith(">"):
        raise Invalid(NO_COMMAND)
    return Move(reply[1:].split("\n")[0].strip())


def read_planned(reply: str) -> Move:
    """Return the command of a reply and its plan. Raises Invalid."""
    move = read_command(reply)
    if PLAN in reply:
        return Move(move.command, tuple(command.strip() for command in reply.split(PLAN)[1].split(",")))
    if "done" not in reply:
        raise Invalid(NO_PLAN)
    return move


COMMAND = Parser(read_command, literal("> ") + line(60))
PLANNED = Parser(read_planned, literal("> ") + line(60) + literal("\nNext actions: ") + line(160))


class AdventureGame(Arena[Adventure]):
    """Explore rooms and bring about what the task says, one command a turn."""

    name, version = "adventuregame", 1
    RULES: ClassVar[Mapping[str, AdventureRules]] = {"v3.0": AdventureRules()}
    seats = (ADVENTURER,)
    max_turns = MOST_TURNS

    async def play(self, table: Table, adventure: Adventure, /) -> Outcome:
        """Ask for commands until the player is done."""
        game = adventure.begin(self.resources, lambda: table.rng)
        parse = PLANNED if adventure.variant == "plan" else COMMAND
        ask = self.prompt(adventure.variant, task=adventure.task, notes=adventure.notes, room=game.room())
        plans: list[Sequence[str]] = []
        for turn in range(1, adventure.max_turns + 1):
            move = await table.ask(ADVENTURER, ask, parse=parse)
            response = game.act(move.command)
            planned = None
            if adventure.variant == "plan":
                plans += [move.plan] if move.plan is not None else []
                planned = _share_that_works(game, plans), _is_followed(plans, move.command)
            table.note(TURN, turn_note(response, planned))
            if turn == adventure.max_turns:
                return Outcome.aborted(f"not done after {turn} turns", blame=ADVENTURER)
            if response.action == DONE:
                return _ended(response, game)
            ask = response.text
        raise AssertionError("a game has a turn at least")

    def metrics(self, transcript: Transcript[Adventure], /) -> Mapping[str, float | None]:
        """Return counts of requests and of failures by their types, goals, turns over the optimum, and how plans did."""
        return episode_scores(transcript)

    def render(self, transcript: Transcript[Adventure], /) -> Sequence[Piece]:
        """Return the rooms with the way of the player, and the goals that hold, after each command."""
        chance = Dice(transcript.instance.seed)
        game = transcript.instance.begin(self.resources, lambda: chance)
        moves = [turn for turn in transcript.turns if turn.parsed is not None]
        return [*course(game, [(turn.asked.turn, turn.move["command"]) for turn in moves])]

    def rounds(self, transcript: Transcript[Adventure], /) -> Sequence[Mapping[str, float | None]]:
        """Return for each turn its counts, the goals that it won, what was learned by it, and how its plan did."""
        return round_scores(transcript)


def _ended(response: Response, game: Interpreter) -> Outcome:
    quality = 100 * (len(response.goals) / len(game.goals))
    if response.goals == game.goals:
        return Outcome.success(quality)
    return Outcome.failure(f"{len(response.goals)} of {len(game.goals)} goals were reached", quality=quality)


def _share_that_works(game: Interpreter, plans: Sequence[Sequence[str]]) -> float:
    """Return how much of the latest plan would be carried out, up to its first failure."""
    plan = plans[-1] if plans else ()
    return sum(response.failure is None for response in game.rehearse(plan)) / len(plan) if plan else 0.0


def _is_followed(plans: Sequence[Sequence[str]], command: str) -> bool:
    return len(plans) > 1 and plans[-2][0] == command
