"""The contract of a game, and what plays one without I/O: table, driver, events, transcripts, parsing, metrics.

It knows no asyncio, no agent, no scheduler, no server, no disk but the files of a game.
"""
