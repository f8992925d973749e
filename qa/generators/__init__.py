"""The engines that write, behind one Protocol (qa/generators/base.py)."""
