"""The port of privateshared: instances refer by number to texts in other files of the game's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clemsim._util.files import read_json
from clemsim.interop.clembench.port import JsonObject, Port, literal
from clemsim_arenas.privateshared.gamelog import PrivateSharedLog


class PrivateSharedPort(Port):
    """The instances hold private tables and the numbers of the texts that ask about them."""

    arena = folder = "privateshared"
    files = ("in/instances_{version}.json", "in/instances_{version}_en.json", "in/instances.json")
    log = PrivateSharedLog()
    untold = ("situation", "requests", "probes")

    def texts(self, folder: Path, experiment: str) -> JsonObject:
        """Return the requests and probing questions of a domain. Raises UsageError."""
        domain = folder / "resources" / "texts" / experiment
        return {
            "requests": read_json(domain / "requests.json"),
            "probing_questions": read_json(domain / "probing_questions.json"),
            "retries": read_json(folder / "resources" / "texts" / "reprompts.json")["suffixes"],
            "words": {key.lower(): text for key, text in read_json(folder / "resources" / "en_words.json").items()},
        }

    def stand_ins(self, data: JsonObject) -> JsonObject:
        """Return texts that ask for every slot by its name."""
        most = max(number for numbers in data["probes"].values() for number in numbers.values())
        questions = {slot: [f"Is {slot} known?"] * (most + 1) for slot in data["slots"]}
        return {"requests": [f"{slot}?" for slot in data["request_order"]], "probing_questions": questions}

    def instance(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, Any]:
        """Return the table, the requests in their order and every set of probes, with their texts."""
        slots, questions = data["slots"], texts["probing_questions"]
        requests = zip(data["request_order"], _requests(data, texts), strict=True)
        sets = [data["probes"][str(round_)] for round_ in range(len(slots) + 1)]
        return {
            "tag": data["tag"],
            "situation": data["initial_prompt"],
            "slots": slots,
            "requests": [{"slot": slot, "text": text} for slot, text in requests],
            "probes": [{slot: questions[slot][numbers[slot]] for slot in slots} for numbers in sets],
        }

    def prompts(self, experiment: JsonObject, data: JsonObject, texts: JsonObject) -> dict[str, str]:
        """Return the prompts. The initial one is whole in the instance; the insistent wordings are one per line."""
        probe = literal(texts["words"]["probe"]).replace("{}", "$insistence $question")
        return {
            "answerer": "$situation",
            "request": "$tag: $request",
            "probe": probe,
            "insistence": "\n".join(texts["retries"][1:]),
        }


def _requests(data: JsonObject, texts: JsonObject) -> list[str]:
    """The requests in their order; a recorded episode has them in that order already."""
    requests = texts["requests"]
    if isinstance(requests, list):
        return requests
    return [requests[slot][data["requests"][slot]] for slot in data["request_order"]]
