"""API Gateway's REST, HTTP and WebSocket APIs: a request comes in, and a function answers."""
