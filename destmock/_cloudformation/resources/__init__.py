"""The resource types that moto's CloudFormation has no model for, or one that leaves out too much."""
