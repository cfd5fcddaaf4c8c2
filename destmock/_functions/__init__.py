"""Which functions there are, the code behind each, and what moto's Lambda forgets of them."""
