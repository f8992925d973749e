"""Fuzzing of everything that reads what others wrote: loaders, chunker, parsers, renderers, API bodies.

``inputs`` makes hostile values, ``targets*`` say what must hold whatever they are, ``run`` goes on for
minutes or hours and keeps the input of every finding; ``tests/test_fuzz.py`` is the short run, with the kept
inputs first.
"""
