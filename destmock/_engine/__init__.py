"""Lambda's asynchronous queue: accept, admit, attempt, retry or settle, send; it names no service."""
