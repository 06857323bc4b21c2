"""Writes runs, studies and reports of stress tests as pages that open without a server: one file, or a folder of files.

The pages are those of the viewer, with other addresses. They lie in the file as parts, packed, and a script in it puts the
one that the address names in place. It knows no server.
"""
