"""The interpreter: takes commands, changes the world, and says what came of them.

A command is read, its things are looked up, the action's precondition is checked term by term, its effects come about, and
then whatever events the new state brings. What cannot be done is answered with a reason and changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from clemsim.game.seeds import Dice
from clemsim_arenas.adventures import describe
from clemsim_arenas.adventures.binding import Binding, Changes, player_room
from clemsim_arenas.adventures.definitions import Feedback, Parameter
from clemsim_arenas.adventures.events import happen
from clemsim_arenas.adventures.facts import DIGITS, Fact, Facts
from clemsim_arenas.adventures.grammar import Command
from clemsim_arenas.adventures.knowledge import Knowledge, Learned
from clemsim_arenas.adventures.templates import filled
from clemsim_arenas.adventures.world import FLOOR, INVENTORY, PLAYER, Action, World

PARSING, RESOLUTION = "parsing", "resolution"
DONE = "done"  # the action that ends an adventure; it needs no things
NOT_WITH_ROOMS = ("take", "put", "open", "close")  # actions that are refused for rooms as such
NO_OPTION = ("You can't do that.", "take_non_takeable_object")


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a command was not carried out: whether it was not understood (`parsing`) or cannot be done (`resolution`), and
    the type of the failure.
    """

    phase: str
    kind: str


@dataclass(frozen=True, slots=True)
class Response:
    """What came of a command. `text`: what the player is told; `action`: the action's name where it was carried out;
    `goals`: those that hold; `learned`: what the player has come to know.
    """

    text: str
    action: str | None
    failure: Failure | None
    goals: frozenset[Fact]
    learned: Learned


class _Refused(Exception):
    """Ends the processing of a command."""

    def __init__(self, text: str, phase: str, kind: str, action: str | None = None) -> None:
        super().__init__(text)
        self.text, self.failure, self.action = text, Failure(phase, kind), action


@dataclass(slots=True)
class Interpreter:
    """One adventure as it is played. `goals`: the facts to bring about; `achieved`: those that held after the last action
    that was carried out; `meant`: the instances that some types' names stand for; `places`: what the constants of events
    that relocate stand for by now.
    """

    world: World
    facts: Facts
    goals: frozenset[Fact]
    dice: Callable[[], Dice]
    meant: Mapping[str, str] = field(default_factory=dict)
    achieved: frozenset[Fact] = frozenset()
    knowledge: Knowledge = field(init=False)
    places: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.knowledge = Knowledge.begin(self.world, self.facts)

    def room(self) -> str:
        """Return the description of the player's room."""
        return describe.room(self.world, self.facts)

    def act(self, line: str) -> Response:
        """Carry out a command, and let happen what follows from it."""
        failure, action = None, None
        try:
            command = self._understood(line)
            action = command.action
            text, changes = self._resolve(command)
            self.achieved = frozenset(goal for goal in self.goals if goal in self.facts)
            self.knowledge.perceive(self.world, self.facts, changes.removed)
        except _Refused as refused:
            text, failure, action = refused.text, refused.failure, refused.action
            self.knowledge.perceive(self.world, self.facts, ())
        told = self.world.actions[action].type if action else None
        learned = self.knowledge.learned(self.facts, self.goals, told)
        happened = happen(self.world, self.facts, self.places, self.dice)
        text = f"{text}\n" + "\n".join(happened)
        return Response(text, None if failure else action, failure, self.achieved, learned)

    def rehearse(self, lines: Sequence[str]) -> list[Response]:
        """Return what would come of commands, up to the first that fails. The world stays as it is; `achieved` does not, and
        what is known may hold what the first step would have shown, as in clembench.
        """
        before, places = self.facts.copy(), dict(self.places)
        responses = []
        for line in lines:
            responses.append(self.act(line))
            if responses[-1].failure is not None:
                break
        self.facts, self.places = before, places
        self.knowledge.take_back(sum(1 for response in responses if response.failure is None))
        return responses

    def _understood(self, line: str) -> Command:
        """Return the command in a line, with types in place of words. Raises _Refused."""
        text = line[:-1] if line.endswith((".", "!")) else line
        command = self.world.grammar.read(text.lower())
        if command is None:
            raise _Refused("I don't know what you mean.", PARSING, "lark_exception")
        if command.action is None and command.verb in self.world.actions:
            raise _Refused("I don't know what you mean.", PARSING, "malformed_command")
        if command.action is None:
            told = f"I don't know how to interpret this '{command.verb}' action."
            raise _Refused(told, PARSING, "undefined_action_verb")
        if command.action == DONE or not command.things:
            return command
        first, *others = command.things
        kinds = [self._known(first)]
        self._check_first(command.action, kinds[0])
        if others:
            kinds.append(self._second(command.action, kinds[0], others[0]))
        return command._replace(things=tuple(kinds))

    def _known(self, words: str) -> str:
        if words not in self.world.names:
            raise _Refused(f"I don't know what '{words}' means.", PARSING, "undefined_repr_str")
        return self.world.names[words]

    def _check_first(self, action: str, kind: str) -> None:
        if kind not in self.world.entities and action in NOT_WITH_ROOMS:
            told = {"open": f"You don't need to open the '{kind}'.", "put": f"You can't put the '{kind}' anywhere."}
            raise _Refused(told.get(action, f"You can't {action} the '{kind}'."), PARSING, "manipulating_room")

    def _second(self, action: str, first: str, words: str) -> str:
        if action == "take" and words == INVENTORY:
            carried = describe.contents(self.facts, INVENTORY, "in")
            if any(self.world.type_of(self.facts, thing) == first for thing in carried):
                told = f"The {self.world.called(self.facts, first)} is already in your inventory."
                raise _Refused(told, RESOLUTION, "taking_from_inventory")
            raise _Refused("You don't need to take things from your inventory.", PARSING, "taking_from_inventory")
        kind = self._known(words)
        if kind in self.world.rooms and kind != self.world.called(self.facts, player_room(self.facts)):
            raise _Refused(f"You are not in a {kind}.", PARSING, "other_room_argument")
        return kind

    def _resolve(self, command: Command) -> tuple[str, Changes]:
        """Carry an action out. Raises _Refused where that cannot be done."""
        action = self.world.actions[command.action or DONE]
        values, mismatch = self._bound(action, command.things)
        binding = Binding(self.facts, values, meant=self.meant)
        blamed = binding.fails_at(action.precondition)
        if blamed is not None:
            text, kind = action.type.failures[blamed]
            if None in binding.values.values():
                text, kind = NO_OPTION
            raise _Refused(filled(text, self._words(binding.values)).capitalize(), RESOLUTION, kind, action.type.name)
        if mismatch is not None:
            parameter, value = mismatch
            told: Feedback = parameter.mismatch
            raise _Refused(filled(told[0], {parameter.name: value}).capitalize(), RESOLUTION, told[1], action.type.name)
        changes = binding.apply(action.effects, Changes())
        words = self._words(binding.values)
        return filled(action.type.success, words, self._descriptions(command, changes)), changes

    def _bound(self, action: Action, things: Sequence[str]) -> tuple[dict[str, str | None], tuple[Parameter, str] | None]:
        """Return the values of an action's variables, and the first that is of another type than it must be."""
        values: dict[str, str | None] = {}
        mismatch = None
        for parameter in action.type.parameters:
            value = self._source(parameter.source, things)
            values[f"?{parameter.name}"] = value
            if mismatch is None and value is not None and not self._is_a(value, parameter.type):
                mismatch = parameter, value
        return values, mismatch

    def _source(self, sources: Sequence[str], things: Sequence[str]) -> str | None:
        match sources[0]:
            case "arg1":
                return things[0] if things else None
            case "arg2":
                if len(things) > 1:
                    return things[1]
                return self._source(sources[1:], things) if len(sources) > 1 else None
            case "arg1_receptacle":
                held = self.facts.about(f"{things[0]}1", "in", "on") if things else []
                return held[-1][2] if held else None
            case "current_player_room":
                return player_room(self.facts)
            case "current_room_floor":
                return f"{player_room(self.facts)}{FLOOR}1"
            case "player":
                return PLAYER
            case _:
                return INVENTORY

    def _is_a(self, value: str, kind: str) -> bool:
        own = self.world.type_of(self.facts, value) if value.endswith(DIGITS) else value
        return own == kind or kind in self.world.kinds.get(own, ())

    def _words(self, values: Mapping[str, str | None]) -> dict[str, str]:
        called = {name: value if value is None else self._word(value) for name, value in values.items()}
        return {name.removeprefix("?"): str(word) for name, word in called.items()}

    def _word(self, value: str) -> str:
        return self.world.called(self.facts, value) if value.endswith(DIGITS) else value

    def _descriptions(self, command: Command, changes: Changes) -> Mapping[str, Callable[[], str]]:
        world, facts = self.world, self.facts
        opened = next((fact[1] for fact in changes.added if fact[0] == "open"), None)
        prep = command.preposition or next((fact[0] for fact in changes.added if fact[0] in ("in", "on")), "")
        first = command.things[0] if command.things else ""
        second = command.things[1] if len(command.things) > 1 else ""
        return {
            "room_desc": lambda: describe.room(world, facts),
            "inventory_desc": lambda: describe.inventory(world, facts),
            "container_content": lambda: describe.container(world, facts, opened) if opened else "",
            "arg1_desc": lambda: describe.entity(world, facts, first),
            "arg2_desc": lambda: describe.entity(world, facts, second),
            "arg1_text": lambda: describe.text_on(facts, first),
            "prep": lambda: prep,
        }
