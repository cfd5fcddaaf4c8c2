"""What a mock changes in the process and puts back: variables, network, sessions and clients, moto itself."""
