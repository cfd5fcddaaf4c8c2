"""Runs a test, or a scenario, once for every single failure that AWS could put into it."""
