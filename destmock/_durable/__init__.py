"""Durable executions: their operations, their invocations, and what is asked of them from outside."""
