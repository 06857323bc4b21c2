"""A rules engine for text adventures: a world of facts, commands, actions with conditions and effects, events.

`build` makes a world of its definitions, `initial_facts` what an adventure begins with, and `Interpreter` plays it.
"""

from clemsim_arenas.adventures.definitions import WorldPart, merge
from clemsim_arenas.adventures.interpreter import Failure, Interpreter, Response
from clemsim_arenas.adventures.world import World, build, initial_facts

__all__ = ["Failure", "Interpreter", "Response", "World", "WorldPart", "build", "initial_facts", "merge"]
