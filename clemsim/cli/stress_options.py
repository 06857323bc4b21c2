"""The options of `clemsim stress`, as one typed object."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from inspect import Parameter, Signature
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar, get_type_hints

import typer

from clemsim.cli.network import CaFileOption, HeaderOption
from clemsim.cli.options import JsonOption, TrustOption, finite
from clemsim.stress.plan.shapes import ArrivalProcess

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Options = TypeVar("Options", bound="DataclassInstance")

SWEEP = "1:1024"
MIX, LOAD_MIX = "taboo=2,privateshared=1", "talk=1"


@dataclass(frozen=True, slots=True, kw_only=True)
class StressOptions:
    """What the command line gives; each field is an option. Times are still text, such as `30s`."""

    agent: Annotated[
        list[str] | None,
        typer.Option(metavar="SPEC", help="MODEL@URL (replicas: MODEL@URL,URL); seat=SPEC; several models: repeat."),
    ] = None
    sweep: Annotated[
        str | None, typer.Option(metavar="FROM:TO", help=f"Steps of concurrency to saturation (default {SWEEP}).")
    ] = None
    concurrency: Annotated[int | None, typer.Option(min=1, help="Keep this many conversations under way.")] = None
    rate: Annotated[
        float | None, typer.Option(callback=finite, min=0.001, help="Let this many conversations arrive a second.")
    ] = None
    stage: Annotated[
        list[str] | None,
        typer.Option(metavar="LOAD:TIME", help="64:30s, ramp 1..64:2m, rate 5/s:1m or 1/s..10/s:2m; repeat."),
    ] = None
    duration: Annotated[str, typer.Option(metavar="TIME", help="How long --concurrency or --rate lasts (8h: a soak).")] = (
        "30s"
    )
    replay: Annotated[
        Path | None,
        typer.Option(metavar="RUN|FILE", help="Play a run's episodes again, or another tool's trace."),
    ] = None
    verbatim: Annotated[
        bool, typer.Option("--verbatim", help="Replay a run's requests word for word, replies as long as they were.")
    ] = False
    trust: TrustOption = False
    speed: Annotated[
        float, typer.Option(callback=finite, min=0.001, help="Replay this many times as fast as was recorded.")
    ] = 1.0
    arrivals: Annotated[ArrivalProcess, typer.Option(help="How conversations arrive at a rate.")] = "poisson"
    think: Annotated[str, typer.Option(metavar="TIME", help="Before each turn but the first; exp:2s varies.")] = "0s"
    check: Annotated[
        int | None, typer.Option(min=2, help="Check that answers are as good with this many conversations at once.")
    ] = None
    episodes: Annotated[int, typer.Option(min=1, help="Episodes that --check plays alone and under load.")] = 100
    mix: Annotated[
        str | None,
        typer.Option(metavar="GAME=WEIGHT,..", help=f"What is played (default {MIX}; talk and recall: load only)."),
    ] = None
    models: Annotated[
        str | None, typer.Option(metavar="MODEL=WEIGHT,..", help="Shares of several --agent in all conversations (equal).")
    ] = None
    option: Annotated[
        list[str] | None, typer.Option(metavar="GAME.FIELD=VALUE", help="Change instances: talk.turns=8; repeat.")
    ] = None
    no_model_text: Annotated[
        bool, typer.Option("--no-model-text", help="Make every reply exactly --max-tokens long; only load matters.")
    ] = False
    max_tokens: Annotated[int | None, typer.Option(min=1, help="Longest reply in tokens (300; a replay: its run's).")] = None
    temperature: Annotated[
        float | None, typer.Option(callback=finite, min=0.0, help="0: the likeliest token (0; a replay: its run's).")
    ] = None
    constrain: Annotated[
        bool, typer.Option("--constrain", help="Hold replies to the format of each ask; a replay does as its run did.")
    ] = False
    suite: Annotated[str, typer.Option(help="Where instances come from.")] = "paper"
    seed: Annotated[int, typer.Option(help="Decides every draw.")] = 0
    slo: Annotated[
        str, typer.Option(metavar="LIMITS", help="ttft:200 tpot:30 e2el:3000 (ms) or ttft=500ms,turn=5s: gives goodput.")
    ] = ""
    attainment: Annotated[str, typer.Option(metavar="SHARE", help="Turns that must meet --slo for a load to keep it.")] = (
        "95%"
    )
    find: Annotated[
        Literal["slo"] | None, typer.Option(help="slo: the most conversations that keep --slo, within --sweep FROM:TO.")
    ] = None
    warmup: Annotated[str, typer.Option(metavar="TIME", help="Before each stage is measured.")] = "3s"
    window: Annotated[str, typer.Option(metavar="TIME", help="Measured at each step of a sweep.")] = "10s"
    timeout: Annotated[str, typer.Option(metavar="TIME", help="A turn that lasts longer has failed.")] = "2m"
    max_requests: Annotated[int, typer.Option(min=1, help="Make no more requests than this in all.")] = 100_000
    max_seconds: Annotated[float, typer.Option(callback=finite, min=0.1, help="Last no longer than this in all.")] = 3600.0
    workers: Annotated[int | None, typer.Option(min=1, help="Make the load in so many processes of this machine.")] = None
    header: HeaderOption = None
    ca_file: CaFileOption = None
    yes: Annotated[bool, typer.Option("--yes", help="Also load addresses that are not private.")] = False
    records: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A row for each request: FILE.parquet, or FILE.jsonl.")
    ] = None
    format: Annotated[
        Literal["aiperf"] | None, typer.Option(help="aiperf: the report also as aiperf 0.13 writes it, in its folder.")
    ] = None
    metrics_port: Annotated[
        int | None, typer.Option(min=1, max=65535, help="Serve the test's own figures to Prometheus while it runs.")
    ] = None
    metrics_url: Annotated[
        list[str] | None, typer.Option(metavar="URL", help="Where the servers' metrics are, behind a gateway; repeat.")
    ] = None
    gpus: Annotated[float | None, typer.Option(callback=finite, min=0.01, help="GPUs of the servers: tokens/s/GPU.")] = None
    price_per_gpu_hour: Annotated[
        float | None, typer.Option(callback=finite, min=0.0, help="With --gpus: the price of a million tokens.")
    ] = None
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="A.json B.json", help="Compare reports, repeated ones as A1.json,A2.json; make no load."),
    ] = None
    index: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Write index.html: the trend of all reports in FOLDER; no load.")
    ] = None
    fail_if: Annotated[
        list[str] | None,
        typer.Option(metavar="LIMIT", help="slo<95%, errors>1%, 'ttft p99@8>500ms', with --compare tokens/s<0.95; repeat."),
    ] = None
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the judged limits go, as JUnit's XML.")] = None
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Where a summary goes, in Markdown.")] = None
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of report.json.")] = False
    folder: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Where the report goes; a new folder under stress/.")
    ] = None
    json: JsonOption = False


def takes_options(options: type[Options]) -> Callable[[Callable[[Options], None]], Callable[..., None]]:
    """Make a command out of a function that takes one dataclass: Typer sees an option for each of its fields."""
    hints = get_type_hints(options, include_extras=True)
    parameters = [
        Parameter(field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name])
        for field in fields(options)
    ]

    def decorate(function: Callable[[Options], None]) -> Callable[..., None]:
        @wraps(function)
        def command(**values: Any) -> None:
            function(options(**values))

        command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
        return command

    return decorate
