"""The game referencegame: rules, prompts, instances and their generator."""
