"""The dialogue of an episode as typed data, for whoever shows it: asks and answers of one batch together, with what became
of each reply.

Nothing is escaped or cut here, and nothing is drawn: who shows a text makes it safe for where it is shown.
"""
