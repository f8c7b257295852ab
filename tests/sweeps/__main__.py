"""`python -m tests.sweeps`: every fault at every request of apply and destroy; `--sample N --seed S` for some."""

import argparse
import os
import secrets
import sys
import tempfile
import time
from pathlib import Path

from batchctl import local
from tests.sweeps import experiments


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.sweeps", description=__doc__)
    parser.add_argument("--sample", type=int, help="so many experiments instead of all")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31), help="which ones")
    parser.add_argument("--only", default="", help="those whose name has this in it, as in 'destroy, killed'")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sweeps-") as room:
        os.environ["BATCHCTL_LOCAL_HOME"] = f"{room}/services"
        services = local.ensure_running(print)
        try:
            return sweep(services, Path(room), given)
        finally:
            local.stop()


def sweep(services: local.Services, room: Path, given: argparse.Namespace) -> int:
    todo = [e for e in experiments.every(services, room, experiments.all_kinds()) if given.only in str(e)]
    if given.sample:
        todo = list(experiments.sampled(todo, given.sample, given.seed))
    failures, begun = [], time.monotonic()
    for number, experiment in enumerate(todo, 1):
        try:
            experiments.run(experiment, services, room / str(number))
        except Exception as error:
            failures.append(experiment)
            print(f"FAILED {experiment}: {error}")
        if number % 50 == 0 or number == len(todo):
            print(f"{number} of {len(todo)}, {len(failures)} failed, {time.monotonic() - begun:.0f} s")
    print(f"seed {given.seed}: {len(todo) - len(failures)} of {len(todo)} hold")
    return 1 if failures else 0


sys.exit(main())
