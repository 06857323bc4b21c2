"""clembench's instances and recorded episodes, for arenas that have a `Port`."""
