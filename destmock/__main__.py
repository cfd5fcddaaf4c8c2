"""`python -m destmock`: the same as the command `destmock`."""

import sys

from destmock._cli.main import main

if __name__ == "__main__":
    sys.exit(main())
