"""A yes/no game: one side knows an animal, the other asks. What is true of it is known, so a wrong answer loses the game.

clemsim run --arena examples/cookbook/yes_no.py:YesNo --agent local --constrain
"""

from collections.abc import Mapping

from clemsim import Arena, Instance, Invalid, Outcome, Parser, Table, Transcript, tagged
from clemsim.formats import literal, one_of

FACTS: dict[str, frozenset[str]] = {
    "eagle": frozenset({"can fly", "eats meat"}),
    "duck": frozenset({"can fly", "can swim"}),
    "shark": frozenset({"can swim", "eats meat"}),
    "seal": frozenset({"can swim", "eats meat", "is a mammal"}),
    "lion": frozenset({"eats meat", "is a mammal"}),
    "cow": frozenset({"is a mammal"}),
    "bat": frozenset({"can fly", "is a mammal"}),
}
PROPERTIES = sorted(set[str]().union(*FACTS.values()))
RULES = f"""Find the animal: {", ".join(FACTS)}. Reply ASK: <property>, one of: {", ".join(PROPERTIES)}.
When you know it, reply GUESS: <animal>, which ends the game."""
QUESTION = "The animal is: {animal}. Is it true that it {asked}? Reply: ANSWER: yes, or ANSWER: no"


class Secret(Instance):
    """The animal to be found, and how often the seeker may speak."""

    animal: str
    turns: int = 5


def seek(reply: str) -> tuple[str, str]:
    """Read `ASK: property` or `GUESS: animal`."""
    tag, _, text = reply.partition(": ")
    if text not in {"ASK": PROPERTIES, "GUESS": list(FACTS)}.get(tag, []):
        raise Invalid("the reply is neither ASK: with a property nor GUESS: with an animal")
    return tag, text


def yes_or_no(text: str) -> bool:
    """Read an answer."""
    if text not in ("yes", "no"):
        raise Invalid(f"{text!r} is neither yes nor no")
    return text == "yes"


SEEK = Parser(seek, one_of(*(f"ASK: {text}" for text in PROPERTIES), *(f"GUESS: {animal}" for animal in FACTS)))
ANSWER = tagged("ANSWER:", literal("ANSWER: ") + one_of("yes", "no")).then(yes_or_no)


class YesNo(Arena[Secret]):
    """Seeker and answerer play together, so the game has one quality: the sooner found, the better."""

    name, version = "yes_no", 1
    seats = ("seeker", "answerer")
    shown = ("Questions", "Wrong Answers")

    async def play(self, table: Table, secret: Secret, /) -> Outcome:
        """Questions and answers until a guess; the answerer sees each question by itself."""
        ask = RULES
        for turn in range(secret.turns):
            kind, text = await table.ask("seeker", ask, parse=SEEK, reask=again)
            if kind == "GUESS":
                found = text == secret.animal
                return Outcome.success(100 * (1 - turn / secret.turns)) if found else Outcome.failure(f"it was no {text}")
            question = QUESTION.format(animal=secret.animal, asked=text)
            answer = await table.ask("answerer", question, parse=ANSWER, keep=False)
            if answer != (text in FACTS[secret.animal]):
                table.note("wrong", text)
                return Outcome.failure(f"wrong answer: {text}", blame="answerer")
            ask = "Yes." if answer else "No."
        return Outcome.failure("out of turns", blame="seeker")

    def metrics(self, transcript: Transcript[Secret], /) -> Mapping[str, float | None]:
        """How many questions were answered, and how many of them wrongly."""
        questions = len(transcript.moves("answerer"))
        return {"Questions": float(questions), "Wrong Answers": float(len(list(transcript.notes("wrong"))))}

    def instances(self) -> list[Secret]:
        """Every animal."""
        return [Secret(id=number, animal=animal) for number, animal in enumerate(FACTS)]


def again(problem: Invalid, tries: int) -> str | None:
    """Ask once more."""
    return f"{problem.reason}. Try again." if tries < 2 else None
