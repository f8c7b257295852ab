"""Where a process begins: the console script, and `python -m batchctl`."""

import atexit
import gc
from typing import NoReturn

SELDOM = 200_000
"""Objects that come before they are looked through: to do so often costs a fifth of the time of a short command."""


def main() -> NoReturn:
    seldom_collect()
    from batchctl import cli  # imported late: after the line above

    cli.main()


def seldom_collect() -> None:
    """For a process that is one command: nearly all that it makes lives as long as it does."""
    gc.set_threshold(SELDOM, 20, 100)
    # Whatever is left at the end goes with the process; to look for cycles in it first takes a tenth of a second.
    atexit.register(gc.freeze)


if __name__ == "__main__":
    main()
