"""A text adventure: find the lamp and leave. The world draws anew for each repetition, and a long game is forgotten.

clemsim run --arena examples/cookbook/adventure.py:Adventure --agent random --repetitions 3
"""

from collections.abc import Mapping

from clemsim import Arena, Instance, Invalid, Outcome, Table, Transcript, tagged
from clemsim.formats import literal, one_of

ROOMS: dict[str, dict[str, str]] = {
    "hall": {"north": "library", "east": "kitchen"},
    "library": {"south": "hall", "east": "attic"},
    "kitchen": {"west": "hall", "down": "cellar"},
    "cellar": {"up": "kitchen"},
    "attic": {"west": "library"},
}
WAYS = sorted({way for exits in ROOMS.values() for way in exits})
COMMANDS = [*(f"go {way}" for way in WAYS), "take lamp", "leave", "look"]
RULES = f"""A text adventure. Find the lamp, bring it to the hall, and leave. Each turn, reply with one command:
DO: <command>. Commands: {", ".join(COMMANDS)}. The wind may blow out a door: then nothing happens."""


class House(Instance):
    """How many commands there are, and how often, in a hundred, a door does not open."""

    commands: int = 20
    wind: int = 10


def command(text: str) -> str:
    """A known command."""
    if text not in COMMANDS:
        raise Invalid(f"{text!r} is no command", violation=False)
    return text


class Adventure(Arena[House]):
    """One player and a house. Where the lamp lies, and which doors stick, is chance of the episode."""

    name, version = "adventure", 1
    seats = ("player",)
    chance = "episode"
    shown = ("Commands", "Lamp Found")

    async def play(self, table: Table, house: House, /) -> Outcome:
        """Commands until the player leaves with the lamp; an unknown one costs a turn."""
        room, lamp = "hall", table.rng.choice([room for room in ROOMS if room != "hall"])
        table.note("lamp", lamp)
        table.system("player", RULES)
        told = ""
        for number in range(house.commands):
            table.forget("player", keep=4)
            ask = f"{told}You are in the {room}. Exits: {', '.join(ROOMS[room])}." + (" A lamp!" if lamp == room else "")
            done = await table.try_ask("player", ask, parse=tagged("DO:", literal("DO: ") + one_of(*COMMANDS)).then(command))
            verb, _, way = (done or "").partition(" ")
            told = "Nothing happens. "
            if verb == "go" and way in ROOMS[room] and table.rng.randrange(100) >= house.wind:
                room, told = ROOMS[room][way], ""
            elif done == "take lamp" and lamp == room:
                lamp, told = "player", "Taken. "
            elif done == "leave" and room == "hall":
                table.note("commands", number + 1)
                won = Outcome.success(100 * (1 - number / house.commands))
                return won if lamp == "player" else Outcome.failure("left without the lamp", quality=0)
        return Outcome.failure("night falls", quality=25 if lamp == "player" else 0)

    def metrics(self, transcript: Transcript[House], /) -> Mapping[str, float | None]:
        """How many commands were understood, and whether the lamp was taken up."""
        found = any(event.content.startswith("Taken.") for turn in transcript.turns for event in [turn.asked])
        return {"Commands": float(len(transcript.moves("player"))), "Lamp Found": float(found)}

    def instances(self) -> list[House]:
        """Ever more wind."""
        return [House(id=number, wind=5 * number) for number in range(6)]
