"""Plain functions with arithmetic that can be checked by eye; each names its source. Nothing here knows an
engine."""
