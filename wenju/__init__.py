"""问据 Wenju: the front door (command line, settings, version)."""

__version__ = "0.1.0"
