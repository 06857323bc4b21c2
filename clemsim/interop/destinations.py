"""Where results of a finished run can be sent: collectors and trackers, which need no hook while it is played."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from clemsim.errors import UsageError
from clemsim.interop.otel_sending import send_otel
from clemsim.interop.trackers.mlflow import send_mlflow
from clemsim.interop.trackers.wandb import send_wandb


class Sender(Protocol):
    """Sends what is told of the run in `folder`, and returns a line that says what was sent where."""

    def __call__(self, folder: Path, to: str | None, *, trust: bool) -> str:
        """Send. `to`: where to; None: where the tool sends by itself. Raises ClemsimError."""
        ...


@dataclass(frozen=True, slots=True)
class Destination:
    """Something that results can be sent to. `help` is empty where the format is one of files too."""

    send: Sender
    help: str = ""


DESTINATIONS = {
    "otel": Destination(send_otel),
    "mlflow": Destination(send_mlflow, "scores and settings as runs of MLflow"),
    "wandb": Destination(send_wandb, "scores and settings as runs of Weights & Biases"),
}


def destination(name: str, to: str | None, *, also_file: bool) -> Sender | None:
    """Return what sends a format; None where it is written to a file. `to`: what --to names. Raises UsageError for a format
    that is only written.
    """
    found = DESTINATIONS.get(name)
    if found is None and to is not None:
        raise UsageError(f"--to goes with --format {' or '.join(DESTINATIONS)}")
    return found.send if found and (to is not None or not also_file) else None
