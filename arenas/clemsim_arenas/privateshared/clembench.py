"""How clembench writes privateshared: instances by number, their texts in other files of the game's folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from clemsim._util.files import read_json
from clemsim.interop.clembench.port import Json, Port, literal


class PrivateSharedPort(Port):
    """Private tables, with the numbers of the texts that ask for them."""

    arena = folder = "privateshared"
    files = ("in/instances_{version}.json", "in/instances_{version}_en.json", "in/instances.json")

    def texts(self, folder: Path, experiment: str) -> Json:
        """Requests and probing questions of a domain. Raises UsageError."""
        domain = folder / "resources" / "texts" / experiment
        return {
            "requests": read_json(domain / "requests.json"),
            "probing_questions": read_json(domain / "probing_questions.json"),
            "retries": read_json(folder / "resources" / "texts" / "reprompts.json")["suffixes"],
            "words": {key.lower(): text for key, text in read_json(folder / "resources" / "en_words.json").items()},
        }

    def stand_ins(self, data: Json) -> Json:
        """Every slot asked for by its name."""
        most = max(number for numbers in data["probes"].values() for number in numbers.values())
        questions = {slot: [f"Is {slot} known?"] * (most + 1) for slot in data["slots"]}
        return {"requests": [f"{slot}?" for slot in data["request_order"]], "probing_questions": questions}

    def instance(self, experiment: Json, data: Json, texts: Json) -> dict[str, Any]:
        """The table, the requests in their order and every set of probes, with their texts."""
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

    def prompts(self, experiment: Json, data: Json, texts: Json) -> dict[str, str]:
        """The initial prompt stands whole in the instance; the wordings of insistence come one after another."""
        probe = literal(texts["words"]["probe"]).replace("{}", "$insistence $question")
        return {
            "answerer": "$situation",
            "request": "$tag: $request",
            "probe": probe,
            "insistence": "\n".join(texts["retries"][1:]),
        }


def _requests(data: Json, texts: Json) -> list[str]:
    """The requests in their order; a recorded episode has them so already."""
    found = texts["requests"]
    if isinstance(found, list):
        return found
    return [found[slot][data["requests"][slot]] for slot in data["request_order"]]
