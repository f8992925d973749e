"""Which model files exist, where they may come from, fetch + verify. A leaf."""
