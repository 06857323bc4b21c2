"""The text adventure: bring about what is asked for, in a world of rooms and things."""
