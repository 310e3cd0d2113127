"""The bundle's first program: the window and every command of `tunedesk`."""

import multiprocessing
import sys

from tunedesk.__main__ import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
