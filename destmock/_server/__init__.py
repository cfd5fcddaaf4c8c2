"""Lambda and moto over HTTP: gateway, listener, guards, long polls, real-time pace, and a page."""
