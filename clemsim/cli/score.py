"""`clemsim score`: compute the scores of a run anew."""

from __future__ import annotations

from clemsim.cli import options
from clemsim.cli.common import finish, one_line
from clemsim.runs.run import rescore


def score(folder: options.RunArgument, trust: options.TrustOption = False, json: options.JsonOption = False) -> None:
    """Compute all scores of a run anew from its transcripts.

    Example: clemsim score runs/20261123-120000-quick --json
    """
    with one_line():
        finish(rescore(folder, trust=trust), as_json=json)
