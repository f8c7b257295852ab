"""batchctl local snapshot and restore: all that the services hold, in one file and back."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli.options import Options, with_options
from batchctl.cli.speaking import ask_for_yes, open_page, require_an_answer
from batchctl.errors import Refused

if TYPE_CHECKING:
    from batchctl.local.snapshots import Manifest

File = Annotated[Path, typer.Argument(metavar="FILE", help="The snapshot.", dir_okay=False)]


def local_snapshot(file: File) -> None:
    """Keep all that the services hold in FILE: pools, jobs, tasks with their files, blobs.

    It is as of one moment and nothing is restarted. Tasks that run then run again after `restore`.
    """
    from batchctl.local.snapshots import take_snapshot

    out, taken = open_page(), take_snapshot(file)
    for name in taken.unread:
        out.say(f"Warning: {name} cannot be read and was left out")
    out.result(f"{file}: {_holds(taken.manifest)}")


@with_options
def local_restore(file: File, *, options: Options) -> None:
    """Put what FILE holds in the place of all that the services hold, and start them."""
    from batchctl.local.home import find_home
    from batchctl.local.snapshots import read_manifest, restore_snapshot

    out = open_page()
    require_an_answer(options.yes)
    manifest = read_manifest(file)
    asked = f"Replace every pool, job and blob in {find_home().root} with {_holds(manifest)} of {manifest.made}?"
    if not options.yes and not ask_for_yes(out, asked):
        raise Refused(["not approved: nothing was changed"])
    restore_snapshot(file, out.say)
    out.result(f"Restored: {_holds(manifest)}, as of {manifest.made}")


def _holds(manifest: "Manifest") -> str:
    """`2 pools, 1 job, 3 tasks, 4 containers, 9 blobs`."""
    from batchctl.words import plural

    named = {"schedules": "job schedule"}
    kinds = ("pools", "schedules", "jobs", "tasks", "containers", "blobs")
    found = [(kind, manifest.holds[kind]) for kind in kinds if manifest.holds.get(kind)]
    return ", ".join(plural(number, named.get(kind, kind[:-1])) for kind, number in found) or "nothing"
