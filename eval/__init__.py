"""Benchmarks, metrics, runs and reports. Only the front door imports this package; import names from its
modules."""
