"""Application Load Balancers: a request to one goes through its rules to a function."""
