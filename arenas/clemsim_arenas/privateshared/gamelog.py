"""How clembench logs privateshared, whose probes are no messages: only what was made of them is in the dialogue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, ClassVar

from clemsim import Turn
from clemsim.arena import Arena
from clemsim.game.events import Told
from clemsim.interop.clembench.gamelog import GM, GameLog, JsonObject, LogBuilder
from clemsim_arenas.privateshared.game import ANSWERER, TRIES, PrivateShared

QUESTIONER = "Player 2"
DUMMY = "What is the next request?"
UNKNOWN, INVALID = "NA", 2  # a reply to a probe that is neither yes nor no: as text, as number
ME = "ME: "
NOT_RECORDED = "(this reply was not recorded)"


class PrivateSharedLog(GameLog):
    """The scorer reads keys alone: the probes with truth and belief, the filled slots, and counts by round."""

    roles: ClassVar = {ANSWERER: "Answerer"}
    scripted: ClassVar = {QUESTIONER: "Questioner"}

    def instance(self, arena: Arena[Any], instance: Any) -> dict[str, Any]:
        """Return the table and the order of requests. The texts, which clembench keeps elsewhere, come as `resources`."""
        rows = "\n".join(f"{slot.upper()}: {value}" for slot, value in instance.slots.items())
        prompt = arena.prompt("answerer", situation=instance.situation, table=rows, tag=instance.tag)
        order = [request.slot for request in instance.requests]
        sets = range(len(instance.probes))
        questions = {slot: [probes[slot] for probes in instance.probes] for slot in instance.slots}
        return {
            "tag": instance.tag,
            "slots": instance.slots,
            "initial_prompt": prompt,
            "request_order": order,
            "requests": dict.fromkeys(order, 0),
            "probes": {str(number): dict.fromkeys(instance.slots, number) for number in sets},
            "lang": "en",
            "resources": {
                "requests": [request.text for request in instance.requests],
                "probing_questions": questions,
                "retries": ["", *arena.resources.lines("prompts/insistence.txt")],
                "words": {"probe": arena.prompt("probe", insistence="{", question="}").replace("{ }", "{}")},
            },
        }

    def write(self, log: LogBuilder) -> None:
        """Log the talk and what was made of the probes, and the keys."""
        episode = _Episode(log)
        for event in log.transcript.events:
            if isinstance(event, Told) and event.echo:
                log.message(GM, "Player 1", event.content, "pseudo")
                log.message("Player 1", GM, event.echo, "pseudo")
        for kept, group in groupby(log.transcript.turns, lambda turn: turn.asked.keep):
            if kept:
                for turn in group:
                    episode.answer(turn)
            else:
                episode.probe_all(list(group))
        episode.end()

    def texts_of(self, data: JsonObject, log: JsonObject) -> JsonObject:
        """Return the requests and questions that were asked, as the log has them; others name their slot."""
        asked = [_without_tag(content, str(data["tag"])) for content in _requests(log)]
        requests = [f"{slot}?" for slot in data["request_order"]]
        requests[: len(asked)] = asked[: len(requests)]
        most = max(number for numbers in data["probes"].values() for number in numbers.values())
        questions = {slot: [f"Is {slot} known?"] * (most + 1) for slot in data["slots"]}
        by_name = {slot.upper(): slot for slot in data["slots"]}
        for number, probes in zip(_probed_rounds(log), log.get("probes") or (), strict=False):
            for probe in probes:
                slot = by_name[str(probe["target"])]
                questions[slot][data["probes"][str(number)][slot]] = str(probe["question"]).removeprefix(ME)
        insistence = PrivateShared().resources.lines("prompts/insistence.txt")
        words = {"probe": f"{ME}{{}}"}
        return {"requests": requests, "probing_questions": questions, "retries": ["", *insistence], "words": words}

    def replies_of(self, log: JsonObject) -> Sequence[str] | None:
        """Return answers and probes in order. Of a probe only the last try is in the log; earlier ones were invalid, and a
        line that is invalid stands for each.
        """
        events = [event for turn in log["turns"] for event in turn]
        if any(event["action"].get("label") == "forget" for event in events):
            return None
        probes = (probe for probes in log.get("probes") or () for probe in probes)
        return list(_replies(events, probes))


def _replies(events: Sequence[JsonObject], probes: Iterator[JsonObject]) -> Iterator[str]:
    probe, tries = None, 0
    for event in events:
        action = event["action"]
        if event["from"] == "Player 1" and action.get("label") != "pseudo":
            yield str(action["content"])
        elif event["from"] == GM and action["type"] == "parse":
            if probe is None:
                probe, tries = next(probes), 0
            tries += 1
            last = action["content"] != UNKNOWN or tries == TRIES
            yield str(probe["answer"]) if last else NOT_RECORDED
            probe = None if last else probe


def _probed_rounds(log: JsonObject) -> Iterator[int]:
    """Yield the rounds after which a set of probes was asked: 0, and those with a valid answer."""
    yield 0
    for number, turn in enumerate(log["turns"], 1):
        answered = False
        for event in turn:
            answered |= event["from"] == "Player 1" and event["action"].get("label") == "response"
            if answered and event["action"]["type"] == "parse":
                yield number
                break


def _requests(log: JsonObject) -> Iterator[str]:
    for turn in log["turns"]:
        for event in turn:
            if event["to"] == "Player 1" and event["action"].get("label") == "context":
                yield str(event["action"]["content"])


def _without_tag(content: str, tag: str) -> str:
    return content.removeprefix(f"{tag}: ")


class _Episode:
    """The keys of an episode, as they grow."""

    def __init__(self, log: LogBuilder) -> None:
        self.log = log
        self.instance = log.transcript.instance
        self.round = 0
        rounds = len(self.instance.requests) + 1
        self.counts, self.parsed, self.violated = [0] * rounds, [0] * rounds, [0] * rounds
        self.asked_at = {request.slot: number for number, request in enumerate(self.instance.requests)}
        self.probes: list[list[dict[str, Any]]] = [[]]
        self.filled: list[bool] = []
        self.complete = 0

    def answer(self, turn: Turn) -> None:
        """Log a request and its answer."""
        if self.round:
            self.log.next_round()
        self.round += 1
        request = self.instance.requests[self.round - 1]
        self._script(request.text)
        self.log.exchange(turn)
        if turn.rejected is not None:
            self.violated[self.round] += 1
            return
        self.parsed[self.round] += 1
        self.counts[self.round] += 1
        answer = self.log.text(turn).replace("ANSWER:", "").strip()
        self.filled.append(self.instance.slots[request.slot].lower() in answer.lower())
        self.log.note("metadata", f"Slot filled: {self.filled[-1]}")
        for slot, value in self.instance.slots.items():
            if value.lower() in answer.lower() and self.round - 1 < self.asked_at[slot]:
                self.asked_at[slot] = self.round - 1
        self.probes.append([])

    def probe_all(self, turns: Sequence[Turn]) -> None:
        """Log what was made of the replies to a set of probes, one probe after another, however they were asked."""
        for slot, question in self.instance.probes[self.round].items():
            tries = [turn for turn in turns if turn.asked.content.find(question) >= 0 and self._of(turn, slot)]
            if tries:
                self._probe(slot, tries)
        known = [probe for probe in self.probes[-1] if probe["value"] != INVALID]
        if len(known) == len(self.instance.slots):
            self.complete += 1
        elif self.log.transcript.outcome is not None:
            self.log.note("invalid format", "Abort: invalid format in probing.")

    def _of(self, turn: Turn, slot: str) -> bool:
        """Return whether a turn that holds the question of a slot asked for it, and not for another of the same question."""
        return turn.parsed is None or turn.move["slot"] == slot

    def _probe(self, slot: str, turns: Sequence[Turn]) -> None:
        text = turns[0].asked.content.replace(f"{ME} ", ME)
        probe: dict[str, Any] = {"target": slot.upper(), "question": text, "gt": int(self.round > self.asked_at[slot])}
        for turn in turns:
            self.log.exchange(turn, logged=False)
            self.counts[self.round] += 1
            probe["answer"] = self.log.text(turn)
            if turn.parsed is None:
                self.violated[self.round] += 1
                self.log.note("parse", UNKNOWN)
            else:
                self.parsed[self.round] += 1
                self.log.note("parse", "yes" if turn.move["known"] else "no")
        last = turns[-1].move
        probe |= {"value": INVALID if last is None else int(last["known"]), "tries": len(turns) + (last is None)}
        self.probes[-1].append(probe)
        told = "invalid after max attempts." if last is None else f"valid after {len(turns)} tries."
        self.log.note("metadata", f"Answer for {probe['target']} {told}")
        self.log.note("check", f"Answer is {'' if probe['value'] == probe['gt'] else 'in'}correct.")

    def end(self) -> None:
        """Log the end and the keys."""
        outcome = self.log.transcript.outcome
        if self.round == 0:
            self._script(self.instance.requests[0].text)
        self.log.note("end", "Game finished.")
        self.log.keys |= {
            "probes": [probes for probes in self.probes if probes],
            "realised_slots": self.asked_at,
            "Request Count": self.counts,
            "Parsed Request Count": self.parsed,
            "Violated Request Count": self.violated,
            "Filled Slots": self.filled,
            "Aborted": outcome is not None and outcome.kind == "aborted",
            "Played Probe Rounds": self.complete,
        }

    def _script(self, text: str) -> None:
        self.log.message(GM, QUESTIONER, DUMMY, "context")
        self.log.message(QUESTIONER, GM, text, "response")
