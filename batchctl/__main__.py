"""Where a process begins: the console script, and `python -m batchctl`."""

import atexit
import gc
from typing import NoReturn

SELDOM = 200_000
"""Objects: what imports and listings make lives as long as the process, and to look through it often costs a fifth of
the time that a short command takes."""


def main() -> NoReturn:
    gc.set_threshold(SELDOM, 20, 100)
    # Whatever is left at the end goes with the process; to look for cycles in it first takes a tenth of a second.
    atexit.register(gc.freeze)
    from batchctl import cli  # imported late: after the lines above

    cli.main()


if __name__ == "__main__":
    main()
