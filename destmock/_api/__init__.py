"""Lambda's own API: a request, the operation, the answer, and the hooks that carry them for boto3."""
