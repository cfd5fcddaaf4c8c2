"""API Gateway's REST and HTTP APIs, and function URLs: an HTTP request comes in, and a function answers."""
