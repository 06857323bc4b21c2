"""The name by which verifiers finds clemsim's arenas: `vf-eval clemsim-verifiers --env.taskset.arena taboo ...`."""

from clemsim.interop.environments.verifiers import ArenaEnv, ArenaTaskset, SeatHarness, load_environment

__all__ = ["ArenaEnv", "ArenaTaskset", "SeatHarness", "load_environment"]
