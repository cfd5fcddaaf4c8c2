"""What of an application's asynchronous paths can get lost: what is set up, and the rules."""
