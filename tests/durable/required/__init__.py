"""Handlers for AWS's requirements for durable functions, each written to a requirement's description."""
