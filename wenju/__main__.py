"""``python -m wenju`` is the same as ``wenju``."""

from wenju.cli import main

main()
