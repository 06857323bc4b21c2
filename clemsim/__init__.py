"""clemsim: plays many conversational games at once, with language models in the seats."""

from clemsim.agent import Agent, Cast, View
from clemsim.arena import Arena
from clemsim.errors import ClemsimError
from clemsim.events import Event
from clemsim.formats import Format
from clemsim.frames import RunTables, open_run
from clemsim.instances import EpisodeKey, Instance
from clemsim.messages import Message
from clemsim.outcomes import Outcome
from clemsim.parsing import Invalid, Parser, anything, matching, tagged
from clemsim.scheduling.episodes import Result
from clemsim.table import Question, Table
from clemsim.transcript import Transcript, Turn

__version__ = "0.1.0"

__all__ = [
    "Agent",
    "Arena",
    "Cast",
    "ClemsimError",
    "EpisodeKey",
    "Event",
    "Format",
    "Instance",
    "Invalid",
    "Message",
    "Outcome",
    "Parser",
    "Question",
    "Result",
    "RunTables",
    "Table",
    "Transcript",
    "Turn",
    "View",
    "anything",
    "matching",
    "open_run",
    "tagged",
]
