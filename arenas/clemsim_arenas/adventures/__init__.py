"""A rules engine for text adventures: a world of facts, commands, actions with conditions and effects, events."""
