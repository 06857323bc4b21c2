"""The game textmapworld_graphreasoning: rules, prompts, instances and their generator."""
