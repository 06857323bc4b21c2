"""The record of a run on disk: schema, writer, reader, recorder, folder, configuration.

It computes no score.
"""
