"""One attempt in this process: its environment, the handler, its output, and what came of it."""
