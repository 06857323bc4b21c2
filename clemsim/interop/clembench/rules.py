"""Which rule set of an arena stands for which version of clembench.

`v1.6` is how clembench judged replies up to September 2025 (its instances v1.0 to v2.0; results of clemcore before 3.3),
`v3.0` how it judges them since (instances v3.0; results of clemcore from 3.3 on, of which 3.7 was compared with).
"""

from __future__ import annotations

import re

EARLIER, PRESENT = "v1.6", "v3.0"
STRIPPED = frozenset({EARLIER})  # the sets whose golden episodes were judged after stripping each reply
FIRST = {"instances": (3, 0), "clemcore": (3, 3)}  # the first version of each that goes with PRESENT


def rules_of_instances(version: str) -> str:
    """Return the rule set of instance files of this version, such as `v2.0`."""
    return _rules("instances", version)


def rules_of_results(clem_version: object) -> str:
    """Return the rule set by which results were made whose `meta` names this version of clemcore; the earlier one where it
    names none.
    """
    return _rules("clemcore", str(clem_version))


def _rules(what: str, version: str) -> str:
    numbers = re.match(r"v?(\d{1,4})(?:\.(\d{1,4}))?", version)
    if numbers is None:
        return EARLIER
    return PRESENT if (int(numbers[1]), int(numbers[2] or 0)) >= FIRST[what] else EARLIER
