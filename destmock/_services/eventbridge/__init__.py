"""EventBridge: what is put on a bus, the rules that match it, and how a record becomes an event."""
