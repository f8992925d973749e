"""Prompt texts and everything staff read, as files with named variables. A leaf: imports nothing of ours."""
