"""Kinesis and DynamoDB streams: what arrives in a shard, and how mappings read it in order."""
