"""`python -m destmock`: the same as the command `destmock`."""

import sys

from destmock._cli.main import process

if __name__ == "__main__":
    sys.exit(process())
