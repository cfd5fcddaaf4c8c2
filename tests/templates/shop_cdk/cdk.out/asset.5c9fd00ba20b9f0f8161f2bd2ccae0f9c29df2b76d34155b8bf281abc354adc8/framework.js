// CDK's own code is left out: destmock has the same in Python.
