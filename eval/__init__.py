"""Benchmark tasks, metrics, runner, reports. Nothing imports it but the front door."""
