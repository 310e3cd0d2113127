"""The bundle's second program: the engine, which the first one starts as a process of its own."""

import multiprocessing
import sys

from tunedesk.engine.__main__ import main

if __name__ == "__main__":
    multiprocessing.freeze_support()
    sys.exit(main())
