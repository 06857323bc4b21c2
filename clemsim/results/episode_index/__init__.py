"""The index of a run's episodes, in a file beside the store: facts of each in one row, and their texts for full-text search.

It knows no page and no terminal: both hand it a filter and get typed rows. All of it can be made anew from the store.
"""
