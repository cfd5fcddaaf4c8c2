"""What happened: facts for tests, and logs, metrics and traces for CloudWatch and X-Ray."""
