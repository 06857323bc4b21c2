"""The exit codes that all commands share; INTERRUPTED is what typer makes of a KeyboardInterrupt."""

DONE, UNFINISHED, USAGE, INTERRUPTED = 0, 1, 2, 130
