"""SNS: who subscribes to a topic, what a notification says, and how a record is published."""
