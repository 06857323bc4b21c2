"""An agent for clemsim."""
