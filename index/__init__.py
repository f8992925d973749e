"""Files -> passages -> hits. Knows nothing of language models that write."""
