"""The commands that come back to a run that was left to itself, and that end it."""

import shlex
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batchctl.cli.options import Options

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from batchctl.reconcile.events import Detached, UnderWay


def leave(spec: Path, options: Options) -> "Callable[[UnderWay | Detached], Detached]":
    """What is said of jobs that go on without us, with the command lines for this spec."""
    return partial(_with_commands, spec, options)


def _with_commands(spec: Path, options: Options, left: "UnderWay | Detached") -> "Detached":
    from batchctl.reconcile.events import Detached, UnderWay

    # What is added later an apply alone adds.
    back = "apply" if isinstance(left, UnderWay) and left.more else "watch"
    same = list(_same_spec(options))
    return Detached(
        jobs=left.jobs,
        unattended=left.unattended,
        back=shlex.join(("batchctl", back, str(spec), *_same_part(options), *same)),
        stop=shlex.join(("batchctl", "cancel", str(spec), "*", *same)),
    )


def _same_spec(options: Options) -> "Iterator[str]":
    """What makes of a path the spec that was meant."""
    given = (("--overlay", options.overlay), ("--var-file", options.var_file), ("--var", options.var))
    for name, values in given:
        for value in values:
            yield from (name, str(value))
    if options.target:
        yield from ("--target", options.target)


def _same_part(options: Options) -> "Iterator[str]":
    """What else means the same run, of the commands that wait for one."""
    for name in options.only:
        yield from ("--only", name)
    if options.prices:
        yield from ("--prices", str(options.prices))
    yield from (
        word for word, said in (("--allow-python", options.allow_python), ("--no-lock", options.no_lock)) if said
    )
