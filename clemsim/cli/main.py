"""The program `clemsim`. It loads its commands only when signals are handled: loading takes long enough for a Ctrl-C."""

from __future__ import annotations

import sys
import warnings

from clemsim.cli.signals import SIGNALS, leave


def main() -> int:
    """Run the `clemsim` command and return its exit code."""
    warnings.filterwarnings("ignore", "coroutine 'Table", RuntimeWarning)  # the error that follows says more
    with SIGNALS.installed():
        from clemsim.cli.app import call, program  # noqa: PLC0415

        app = program(sys.argv[1:])
        SIGNALS.loaded()
        code = call(app)
        if SIGNALS.received:
            leave(code)
        return code


if __name__ == "__main__":
    sys.exit(main())
