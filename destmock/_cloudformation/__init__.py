"""A template becomes a stack, by moto's CloudFormation and what is added to it."""
