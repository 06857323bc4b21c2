"""What can be named: plugins, agent SPECs, suites, generators, the public facts of models.

It plays nothing.
"""
