"""CloudWatch alarms: who is told of a change of state, and what."""
