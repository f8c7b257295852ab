"""`scripts/test-live`: see its --help."""

import argparse
import contextlib
import os
import re
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from azure.core.exceptions import AzureError

from batchctl import local
from batchctl.cloud.connect import Target
from batchctl.errors import BatchctlError
from batchctl.opening.target import target_of

from .ceiling import STAGES, Stage, parsed_ceiling, stages_within
from .comparison import Difference, compared
from .probes import NODE_COMES_UP, PROBES, Probe
from .report import LeakError, written
from .side import OutOfTimeError, Side
from .word_count import Ended, run_word_count

PREFIX = re.compile(r"live-[0-9a-f]{8}")
ABOUT = """Asks an account and a local service of its own the same, and writes down, redacted, where the local service
answers otherwise. The account is the one that AZURE_BATCH_ACCOUNT, AZURE_BATCH_ENDPOINT and AZURE_STORAGE_ACCOUNT name;
it is opened by AZURE_BATCH_ACCESS_KEY and AZURE_STORAGE_KEY, or by what DefaultAzureCredential finds. All that is made
begins with live- and eight digits, and is taken away again."""


def main() -> int:
    asked = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        target = Target.azure((None, None), os.environ)
        if asked.clean:
            return _clean(target, asked.clean)
        ceiling = _ceiling(asked.ceiling)
        fit, left_out = stages_within(ceiling)
        for stage in left_out:
            say(f"Left out: {stage.name}, which can take {stage.node_hours:g} node-hours")
        with _local_service() as services, tempfile.TemporaryDirectory() as folder:
            prefix = f"live-{secrets.token_hex(4)}"
            sides = (Side("account", target, prefix), Side("local", services, prefix))
            return _run(sides, fit, asked, Path(folder))
    except (BatchctlError, ValueError) as error:
        say(f"Refused: {error}")
        return 2


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/test-live", description=ABOUT)
    parser.add_argument("--ceiling", metavar="NODE-HOURS", help="what the run may take at most; asked for if not given")
    parser.add_argument("--vm-size", default="Standard_D2s_v5", help="of all nodes; its family needs quota for 4 cores")
    parser.add_argument("--report", default=".live-report", type=Path, help="a folder for what differs")
    parser.add_argument("--only", default="", help="probes whose name has this in it")
    parser.add_argument("--clean", metavar="PREFIX", help="take away what an earlier run left, and do nothing else")
    return parser.parse_args()


def _ceiling(given: str | None) -> float:
    """What was given, or what a person says. Raises ValueError where nobody can be asked."""
    if given is None:
        needed = sum(stage.node_hours for stage in STAGES)
        if not sys.stdin.isatty():
            raise ValueError(f"nobody says what it may take: --ceiling {needed:g} (node-hours) is enough for all")
        given = input(f"At most how many node-hours may this take? All of it takes up to {needed:g}: ").strip()
    return parsed_ceiling(given)


def _run(sides: tuple[Side, Side], stages: tuple[Stage, ...], asked: argparse.Namespace, folder: Path) -> int:
    say(f"All that is made begins with {sides[0].prefix}")
    different: list[str] = []
    try:
        for side in sides:
            side.names["size"] = asked.vm_size
        different += _probes(sides, stages, asked)
        if STAGES[1] in stages and asked.only in STAGES[1].name:
            different += _word_count(sides, asked.vm_size, folder)
    except KeyboardInterrupt:
        say("Interrupted")
        different.append("interrupted")
    finally:
        tidy = _take_away(sides)
    say(f"Differs: {', '.join(different)}" if different else "The local service answered as the account did")
    return 0 if tidy and not different else 1


def _probes(sides: tuple[Side, Side], stages: tuple[Stage, ...], asked: argparse.Namespace) -> Iterator[str]:
    """The names of those that differ."""
    for probe in PROBES:
        if not probe.needs_node and asked.only in probe.name:
            yield from _one(sides, probe, asked.report)
    chosen = [probe for probe in PROBES if probe.needs_node and asked.only in probe.name]
    if not chosen or STAGES[0] not in stages:
        return
    for side in sides:
        side.until = time.monotonic() + 60 * STAGES[0].minutes
    yield from _one(sides, NODE_COMES_UP, asked.report)
    if any("node" not in side.names for side in sides):
        say("No node came up: what needs one is left out")
        return
    for probe in chosen:
        if probe is not NODE_COMES_UP:
            yield from _one(sides, probe, asked.report)


def _one(sides: tuple[Side, Side], probe: Probe, folder: Path) -> Iterator[str]:
    try:
        real, ours = (side.played(probe) for side in sides)
    except OutOfTimeError:
        say(f"{probe.name}: the node-hours are used up")
        yield probe.name
        return
    except (AzureError, LookupError) as error:
        say(f"{probe.name}: broke off: {str(error).splitlines()[0]}")
        yield probe.name
        return
    found = [compared(theirs, mine, step.volatile) for theirs, mine, step in zip(real, ours, probe.steps, strict=True)]
    if not any(found):
        say(f"{probe.name}: the same")
        return
    try:
        path = written(folder, probe.name, real, ours, found, [side.redaction for side in sides])
        say(f"{probe.name}: differs, {path}")
    except LeakError as error:
        say(f"{probe.name}: differs, and is not written down, for {error}")
    for pairs, differences in zip(real, found, strict=True):
        for one in differences:
            say(f"  {pairs[-1]['method']} {pairs[-1]['path']} {_in_words(one)}")
    yield probe.name


def _in_words(one: Difference) -> str:
    return f"{one.what} {one.where}: {one.real!r:.120} | {one.local!r:.120}"


def _word_count(sides: tuple[Side, Side], size: str, folder: Path) -> list[str]:
    ended: list[Ended] = []
    for side in sides:
        prefix = f"{side.prefix}-{side.name}"
        ended.append(run_word_count(folder / side.name, prefix, size, side.environ(), 60.0 * STAGES[1].minutes / 2))
        say(f"word-count on the {side.name}: apply {ended[-1].apply}, destroy {ended[-1].destroy}")
    if ended[0].apply or ended[0].destroy or ended[0].results != ended[1].results:
        say(sides[0].redaction.of_text(ended[0].said))
        return ["word-count"]
    return []


def _take_away(sides: tuple[Side, ...]) -> bool:
    """Whether nothing is left; what is, is told with how to remove it."""
    tidy = True
    for side in sides:
        try:
            left = side.take_away(say)
        except KeyboardInterrupt:
            left = ["(interrupted while it was taken away)"]
        if left and side.name == "account":
            tidy = False
            say("Left on the account: " + ", ".join(left))
            say(f"To remove it: scripts/test-live --clean {side.prefix}")
    return tidy


def _clean(target: Target, prefix: str) -> int:
    if not PREFIX.fullmatch(prefix):
        raise ValueError(f"{prefix!r} is no prefix of a run: they are live- and eight hexadecimal digits")
    return 0 if _take_away((Side("account", target, prefix),)) else 1


@contextlib.contextmanager
def _local_service() -> Iterator[Target]:
    """A local service in a home of its own, stopped at the end."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["BATCHCTL_LOCAL_HOME"] = home
        services = local.ensure_running(say)
        try:
            yield target_of(services)
        finally:
            local.stop()


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
