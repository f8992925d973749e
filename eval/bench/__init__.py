"""How fast: time to evidence, first token and checked answer, throughput, indexing, search at scale,
start."""
