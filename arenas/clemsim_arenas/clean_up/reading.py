"""How the replies of clean_up are read: one command, and nothing else."""

from __future__ import annotations

import re
from dataclasses import dataclass

from clemsim.formats import Format, either, line, literal, one_of
from clemsim_arenas.clean_up.room import RoomBoard

HEAD, TAIL, HEAD_TAIL, SEVERAL = "head", "tail", "head_tail", "several_commands"
FORMAT, START = "invalid_format", "invalid_start"


@dataclass(frozen=True, slots=True)
class Commands:
    """The commands of one language, as they are written and as they are read; and the words that end the game.

    `letter`: whether an object is one capital; else it is anything without a comma.
    """

    say: str
    move: str
    say_tag: str
    move_tag: str
    place: str
    letter: bool
    question: str
    answer: str
    first_comma: str = ", "
    bracket: str = "("

    @property
    def say_pattern(self) -> str:
        """The regular expression of a message, as clembench's instances have it."""
        return rf"(?P<head>.*){self.say_tag}(?P<message>[^\n]+)(?P<tail>.*)"

    @property
    def move_pattern(self) -> str:
        """That of a move."""
        letter = "[A-Z]" if self.letter else "[^,]+"
        return rf"(?P<head>.*){self.move_tag}(?P<obj>{letter}){self.place}(?P<tail>.*)"

    def moved(self, letter: str, column: int, row: int) -> str:
        """Return the command that moves an object."""
        closed = {"(": ")", "（": "）"}[self.bracket]
        return f"{self.move}{letter}{self.first_comma}{self.bracket}{column}{self.first_comma}{row}{closed}"


PLACE = r", \((?P<x>\d+), ?(?P<y>\d+)\)"
WIDE_PLACE = r"[，,] ?[（\(](?P<x>\d+)[，,] ?(?P<y>\d+)[）\)]"
COMMANDS = {
    "en": Commands("SAY: ", "MOVE: ", "SAY: ", "MOVE: ", PLACE, False, "finished?", "finished!"),
    "de": Commands("SPRICH: ", "VERSCHIEBE: ", "SPRICH: ", "VERSCHIEBE: ", PLACE, True, "fertig?", "fertig!"),
    "zh-CN": Commands(
        "发送：", "移动：", "发送[：:] ?", "移动[：:] ?", WIDE_PLACE, True, "结束了吗？", "结束了！", "，", "（"
    ),
    "it": Commands("COMUNICA: ", "SPOSTA: ", "COMUNICA: ", "SPOSTA: ", PLACE, False, "finito?", "finito!"),
}


@dataclass(frozen=True, slots=True)
class SaidMessage:
    """A message to the other seat."""

    message: str


@dataclass(frozen=True, slots=True)
class MovedObject:
    """A move of an object to a column and a row, as it is written."""

    letter: str
    column: str
    row: str


class NoCommand(ValueError):
    """What is wrong with a reply, by the name that clembench has for it."""


def read_command(reply: str, commands: Commands, *, must_say: bool) -> SaidMessage | MovedObject:
    """Return the command of a reply, without back-ticks anywhere and white space around it. Raises NoCommand."""
    text = reply.replace("`", "").strip()
    said, moved = _last_said(text, commands), _last_moved(text, commands)
    if said and moved:
        raise NoCommand(SEVERAL)
    if must_say and not said:
        raise NoCommand(START)
    if found := moved or said:
        start, end, command = found
        if start > 0 or end < len(text):
            raise NoCommand((HEAD_TAIL if end < len(text) else HEAD) if start > 0 else TAIL)
        return command
    raise NoCommand(FORMAT)


def command_format(commands: Commands, board: RoomBoard, *, must_say: bool) -> Format:
    """Return the format of a message, or of a move that can be made."""
    said = literal(commands.say) + line(300)
    moves = [commands.moved(letter, *cell) for letter in board.objects for cell in board.free_cells()]
    return said if must_say or not moves else either(said, one_of(*moves))


Found = tuple[int, int, SaidMessage | MovedObject]  # where a command begins and ends, and the command


def _last_said(text: str, commands: Commands) -> Found | None:
    """Return the last message in a text, as a pattern finds it whose head takes as much as it can."""
    for found in reversed(list(re.finditer(commands.say_tag, text))):
        end = text.find("\n", found.end())
        end = len(text) if end < 0 else end
        if end > found.end():
            return found.start(), end, SaidMessage(text[found.end() : end])
        if found[0].endswith(" ") and commands.say_tag.endswith("?"):  # the blank that the tag may leave is a message
            return found.start(), end, SaidMessage(" ")
    return None


def _last_moved(text: str, commands: Commands) -> Found | None:
    place, letter = re.compile(commands.place), re.compile("[A-Z]")
    known: dict[int, re.Match[str] | None] = {}  # places by where they begin: many tags may go with one
    for tag in reversed(list(re.finditer(commands.move_tag, text))):
        after = tag.end()
        if commands.letter:
            at = after + 1 if letter.match(text, after) else -1
        else:
            at = text.find(",", after)
            at = at if at > after else -1
        if at < 0:
            continue
        if at not in known:
            known[at] = place.match(text, at)
        if found := known[at]:
            return tag.start(), found.end(), MovedObject(text[after:at], found["x"], found["y"])
    return None
