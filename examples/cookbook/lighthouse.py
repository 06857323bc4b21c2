"""A text adventure on the rules engine `clemsim_arenas.adventures`: light the lamp of a lighthouse before the tide is in.

clemsim run --arena examples/cookbook/lighthouse.py:Lighthouse --agent random
"""

import tomllib

from clemsim_arenas.adventures.definitions import WorldPart
from clemsim_arenas.adventures.interpreter import Interpreter
from clemsim_arenas.adventures.world import build, initial_facts

from clemsim import Arena, Instance, Outcome, Table, tagged
from clemsim.formats import line, literal

# Facts are a predicate and one or two things. Conditions and effects are those of PDDL; each fact of a condition has its
# answer in `failures`, for when it is the one to blame.
WORLD = """
rooms = [{ name = "shore", called = "shore" }, { name = "tower", called = "tower" }]
entities = [
    { name = "player", called = "you", hidden = true },
    { name = "matches", called = "box of matches", traits = ["takeable"], adjectives = ["dry"] },
    { name = "lamp", called = "lamp", traits = ["lamp"], adjectives = ["great"] },
]

[domain.types]
room = ["shore", "tower"]
entity = ["player", "matches", "lamp"]

[[actions]]
name = "go"
verbs = ["go", "climb", "walk"]
shapes = ["(to | up | down)* THING"]
parameters = [
    { name = "c", type = "room", source = ["current_player_room"] },
    { name = "d", type = "room", source = ["arg1"], mismatch = ["A {{ d }} is no place.", "no_place"] },
]
precondition = "(and (exit ?c ?d))"
failures = [["No way leads to a {{ d }}.", "no_exit_to"]]
effect = "(and (at player1 ?d) (not (at player1 ?c)) (forall (?e - takeable) (when (in ?e inventory) (at ?e ?d))))"
success = "{{ room_desc }}"

[[actions]]
name = "take"
verbs = ["take", "pick"]
shapes = ["PREP* THING"]
parameters = [
    { name = "e", type = "takeable", source = ["arg1"], mismatch = ["The {{ e }} stays where it is.", "not_takeable"] },
    { name = "r", type = "room", source = ["current_player_room"] },
]
precondition = "(and (at ?e ?r))"
failures = [["There is no {{ e }} here.", "not_here"]]
effect = "(and (in ?e inventory))"
success = "{{ inventory_desc }}"

[[actions]]
name = "light"
verbs = ["light"]
shapes = ["THING (with THING)*"]
parameters = [
    { name = "e", type = "lamp", source = ["arg1"], mismatch = ["Better not.", "not_a_lamp"] },
    { name = "r", type = "room", source = ["current_player_room"] },
]
precondition = "(and (at ?e ?r) (in matches1 inventory))"
failures = [["There is no {{ e }} here.", "not_here"], ["You have nothing to light it with.", "no_matches"]]
effect = "(and (burning ?e))"
success = "The {{ e }} burns."

[[events]]
name = "ship"
parameters = [["l", "lamp"]]
precondition = "(and (burning ?l) (not (seen ?l)))"
effect = "(and (seen ?l))"
text = "Far out, a ship turns away from the rocks."
"""
FACTS = [
    *("room(shore1,shore)", "room(tower1,tower)", "exit(shore1,tower1)", "exit(tower1,shore1)", "type(player1,player)"),
    *("at(player1,shore1)", "type(matches1,matches)", "at(matches1,shore1)", "type(lamp1,lamp)", "at(lamp1,tower1)"),
]
BUILT = build(WorldPart.model_validate(tomllib.loads(WORLD)))
COMMAND = tagged(">", literal("> ") + line(40))


class Evening(Instance):
    """How many commands there is time for."""

    commands: int = 8


class Lighthouse(Arena[Evening]):
    """One player, two rooms, one lamp."""

    name, version = "lighthouse", 1
    seats = ("keeper",)

    async def play(self, table: Table, evening: Evening, /) -> Outcome:
        """Ask for commands until a ship has seen the lamp."""
        game = Interpreter(BUILT, initial_facts(BUILT, FACTS), frozenset({("burning", "lamp1")}), lambda: table.rng)
        told = f"Light the lamp. Each turn, write one command after a >, such as > go up the tower.\n\n{game.room()}"
        for number in range(evening.commands):
            response = game.act(await table.ask("keeper", told, parse=COMMAND))
            table.note("failure", response.failure and response.failure.kind)
            if response.goals == game.goals:
                return Outcome.success(100 * (1 - number / evening.commands), response.text)
            told = response.text
        return Outcome.failure("the tide is in")

    def instances(self) -> list[Evening]:
        """Less and less time."""
        return [Evening(id=number, commands=8 - number) for number in range(4)]
