"""The options of `clemsim stress`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

SWEEP = "1:1024"
MIX, LOAD_MIX = "taboo=2,privateshared=1", "talk=1"


class Arrival(StrEnum):
    """How conversations of an open loop arrive."""

    poisson = "poisson"
    constant = "constant"


Agents = Annotated[list[str] | None, typer.Option(metavar="SPEC", help="MODEL@URL (replicas: MODEL@URL,URL); seat=SPEC.")]
Sweep = Annotated[str | None, typer.Option(metavar="FROM:TO", help=f"Steps of concurrency to saturation (default {SWEEP}).")]
Concurrency = Annotated[int | None, typer.Option(min=1, help="Keep so many conversations under way.")]
Rate = Annotated[float | None, typer.Option(min=0.001, help="Let so many conversations arrive a second.")]
Stages = Annotated[
    list[str] | None,
    typer.Option(metavar="LOAD:TIME", help="64:30s, ramp 1..64:2m, rate 5/s:1m or 1/s..10/s:2m; repeat."),
]
Duration = Annotated[str, typer.Option(metavar="TIME", help="How long --concurrency or --rate lasts (8h: a soak).")]
Replay = Annotated[Path | None, typer.Option(metavar="RUN", help="Play a recorded run's episodes again, with its timing.")]
Speed = Annotated[float, typer.Option(min=0.001, help="So many times as fast as was recorded.")]
ArrivalKind = Annotated[Arrival, typer.Option(help="How conversations arrive at a rate.")]
Think = Annotated[str, typer.Option(metavar="TIME", help="Before each turn but the first; exp:2s varies.")]
Check = Annotated[int | None, typer.Option(min=2, help="Are answers as good with so many conversations at once?")]
Episodes = Annotated[int, typer.Option(min=1, help="Episodes that --check plays alone and under load.")]
Mix = Annotated[
    str | None,
    typer.Option(metavar="GAME=WEIGHT,..", help=f"What is played (default {MIX}; talk and recall: load only)."),
]
Options = Annotated[
    list[str] | None, typer.Option(metavar="GAME.FIELD=VALUE", help="Changes instances: talk.turns=8; repeat.")
]
NoModelText = Annotated[
    bool, typer.Option("--no-model-text", help="Every reply exactly --max-tokens long; only load matters.")
]
MaxTokens = Annotated[int, typer.Option(min=1, help="Longest reply in tokens.")]
Temperature = Annotated[float, typer.Option(min=0.0, help="0: always the likeliest token.")]
Suite = Annotated[str, typer.Option(help="Where instances come from.")]
Seed = Annotated[int, typer.Option(help="Decides every draw.")]
Limits = Annotated[str, typer.Option(metavar="LIMITS", help="ttft=500ms,itl=,tpot=,turn=5s,conversation=: gives goodput.")]
Warmup = Annotated[str, typer.Option(metavar="TIME", help="Before each stage is measured.")]
Window = Annotated[str, typer.Option(metavar="TIME", help="Measured at each step of a sweep.")]
Timeout = Annotated[str, typer.Option(metavar="TIME", help="A turn that lasts longer has failed.")]
MaxRequests = Annotated[int, typer.Option(min=1, help="Ask no more than this in all.")]
MaxSeconds = Annotated[float, typer.Option(min=0.1, help="Last no longer than this in all.")]
Yes = Annotated[bool, typer.Option("--yes", help="Also load addresses that are not private.")]
Compare = Annotated[
    tuple[Path, Path] | None, typer.Option(metavar="A.json B.json", help="Compare two reports; makes no load.")
]
Folder = Annotated[
    Path | None, typer.Option("--out", metavar="DIR", help="Where the report goes; a new folder under stress/.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
