"""Hidden roles with 5 to 9 players: the spy has another word than the civilians. The instance decides seats and roles.

clemsim run --arena examples/cookbook/undercover.py:Undercover --agent spy=random --agent civilian=local --constrain
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache

from clemsim import Arena, CellTable, Instance, Invalid, Outcome, Parser, Question, Table, Toned, Transcript, tagged
from clemsim.formats import line, literal, one_of

PAIRS = (("coffee", "tea"), ("violin", "guitar"), ("lake", "sea"), ("wolf", "fox"), ("novel", "poem"), ("snow", "rain"))
RULES = """You are $seat, one of $players players. Your word is: $word
One player, the spy, has another word; nobody knows who. In turn, each says a clue to their own word. Then all vote at the
same time, and who has most votes is out. Civilians win when the spy is out, the spy when two civilians are left."""


class Words(Instance):
    """How many play, the words, and the spy's place among them."""

    players: int
    word: str
    spy_word: str
    spy: int


@cache
def vote_for(others: tuple[str, ...]) -> Parser[str]:
    """Read a vote for one of the others."""

    def known(name: str) -> str:
        if name not in others:
            raise Invalid(f"{name!r} is none of {', '.join(others)}")
        return name

    return tagged("VOTE:", literal("VOTE: ") + one_of(*others)).then(known)


class Undercover(Arena[Words]):
    """Find the player with the other word."""

    name, version = "undercover", 1
    seats = tuple(f"player{number}" for number in range(1, 10))
    roles = ("spy", "civilian")
    shown = ("Rounds",)

    def seats_for(self, words: Words, /) -> Mapping[str, str]:
        """The first seats; the instance says which of them is the spy."""
        return {seat: "spy" if place == words.spy else "civilian" for place, seat in enumerate(self.seats[: words.players])}

    async def play(self, table: Table, words: Words, /) -> Outcome:
        """Clues in turn, votes at once, until one side has won."""
        roles, alive = self.seats_for(words), list(table.seats)
        for seat in alive:
            word = words.spy_word if roles[seat] == "spy" else words.word
            rules = RULES.replace("$seat", seat).replace("$players", str(words.players)).replace("$word", word)
            table.system(seat, rules)
        while "spy" in [roles[seat] for seat in alive] and len(alive) > 3:
            for seat in alive:
                clue = await table.ask(
                    seat, "Your clue? Reply: CLUE: <clue>", parse=tagged("CLUE:", literal("CLUE: ") + line())
                )
                table.tell_all(f"{seat}'s clue: {clue}", but=[seat])
            out = self._most(await table.ask_all(self._votes(alive)), alive)
            alive.remove(out)
            table.note("out", out)
            table.tell_all(f"{out} is out, and was {'the spy' if roles[out] == 'spy' else 'a civilian'}.")
        winners = "spy" if "spy" in [roles[seat] for seat in alive] else "civilian"
        return Outcome.scores({seat: float(role == winners) for seat, role in roles.items()}, reason=f"{winners} won")

    def _votes(self, alive: Sequence[str]) -> list[Question[str]]:
        others = {seat: tuple(other for other in alive if other != seat) for seat in alive}
        ask = "Who is the spy? Reply: VOTE: <player>\nPlayers: "
        return [Question(seat, ask + ", ".join(others[seat]), vote_for(others[seat])) for seat in alive]

    def _most(self, votes: Sequence[str], alive: Sequence[str]) -> str:
        """Return who has most votes; of several the one who sits first."""
        counts = Counter(votes)
        return max(alive, key=lambda seat: counts[seat])

    def metrics(self, transcript: Transcript[Words], /) -> Mapping[str, float | None]:
        """How many players were voted out."""
        return {"Rounds": float(len(list(transcript.notes("out"))))}

    def render(self, transcript: Transcript[Words], /) -> Sequence[CellTable]:
        """Who was what, and who was voted out when."""
        out = list(transcript.notes("out"))
        rounds = {seat: f"round {number}" for number, seat in enumerate(out, 1)}
        roles = self.seats_for(transcript.instance)
        rows = [
            (seat, Toned(role, "bad" if role == "spy" else "good"), rounds.get(seat, "")) for seat, role in roles.items()
        ]
        return [CellTable.of(("player", "role", "voted out in"), rows, title="Players")]

    def instances(self) -> list[Words]:
        """Each pair of words with 5, 7 and 9 players; the spy sits elsewhere each time."""
        return [
            Words(
                experiment=f"players{players}", id=number, players=players, word=word, spy_word=other, spy=number % players
            )
            for players in (5, 7, 9)
            for number, (word, other) in enumerate(PAIRS)
        ]
