"""The command line: ``fer-ros up | play | run | eval | models | bench | train``."""
