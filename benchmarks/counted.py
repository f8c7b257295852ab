"""`python -m benchmarks.counted WHAT FILE WORDS…`: batchctl with these words, its work counted into FILE as JSON.

WHAT: `calls` of functions, in every thread; or `memory`: the peak of what Python holds, in KiB, and the blocks that it
holds at the end.
"""

import itertools
import json
import sys
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path


def calls() -> Callable[[], dict[str, int]]:
    counter = itertools.count()  # one step of which no other thread sees half

    def count(_frame: object, event: str, _what: object) -> None:
        if event in ("call", "c_call"):
            next(counter)

    threading.setprofile(count)
    sys.setprofile(count)
    return lambda: {"calls": next(counter)}


def memory() -> Callable[[], dict[str, int]]:
    tracemalloc.start()
    return lambda: {"KiB": tracemalloc.get_traced_memory()[1] >> 10, "blocks": sys.getallocatedblocks()}


WAYS = {"calls": calls, "memory": memory}


def main() -> None:
    what, file, *sys.argv[1:] = sys.argv[1:]
    said = WAYS[what]()
    try:
        from batchctl.__main__ import main as batchctl

        batchctl()
    finally:
        Path(file).write_text(json.dumps(said()), encoding="utf-8")


if __name__ == "__main__":
    main()
