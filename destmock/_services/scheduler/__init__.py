"""EventBridge Scheduler: when a schedule invokes its target, and with what."""
