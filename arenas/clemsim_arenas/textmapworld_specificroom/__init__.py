"""The game textmapworld_specificroom: rules, prompts, instances and their generator."""
