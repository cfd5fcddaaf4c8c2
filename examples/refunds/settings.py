"""What the template sets, read once when a function starts."""

import os

LEDGER = os.environ.get("LEDGER_TABLE", "ledger")
IDEMPOTENCY = os.environ.get("IDEMPOTENCY_TABLE", "idempotency")
PAYMENTS = os.environ.get("PAYMENTS_QUEUE", "payments")
CUSTOMERS = os.environ.get("CUSTOMERS_TOPIC", "arn:aws:sns:eu-west-1:123456789012:customers")
STATEMENTS = os.environ.get("STATEMENTS_BUCKET", "statements")
#: In cents: more than this wants a human's approval.
MOST = int(os.environ.get("MOST_AT_ONCE", "50000"))
