"""The shared part of the three textmapworld games: maps of rooms, walks through them, and how they are drawn and scored."""
