"""Virtual time: what is due when, who waits, and whose turn it is; it knows nothing of Lambda."""
