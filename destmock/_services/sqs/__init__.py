"""SQS: what arrives in a queue, who reads it, and how a record is put into it."""
