"""AWS's rules and texts, as functions from values to values; the standard library and each other only."""
