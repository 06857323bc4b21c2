"""The command line. Results go to stdout, progress and errors to stderr."""
