"""S3: whom a bucket notifies, what the notifications say, and how a record becomes an object."""
