"""The tools whose files can be imported, and whose a file is."""

from collections.abc import Mapping, Sequence

from batchctl.errors import UsageError
from batchctl.importing.asked import Asked, Kind
from batchctl.importing.dsub.files import DSUB
from batchctl.importing.extension.files import EXTENSION
from batchctl.importing.found import Document, Found
from batchctl.importing.hyperqueue import HYPERQUEUE
from batchctl.importing.rest.files import AZ
from batchctl.importing.shipyard.files import SHIPYARD
from batchctl.importing.snakemake import SNAKEMAKE
from batchctl.importing.terraform.files import TERRAFORM
from batchctl.importing.veil import veiled
from batchctl.words import some

KINDS: Mapping[str, Kind] = {
    kind.name: kind for kind in (SHIPYARD, EXTENSION, AZ, TERRAFORM, HYPERQUEUE, DSUB, SNAKEMAKE)
}
"""By the name that --from takes."""


def imported(files: Sequence[Found], asked: Asked, named: str = "") -> Document:
    """The spec of the files; what becomes of their fields is in their report. Raises SpecError and UsageError."""
    kind = _named(named) if named else _recognised(files)
    known = [file for file in files if named or kind.knows(file) or kind.beside(file)]
    for other in (file for file in files if file not in known):
        other.dropped(f"no file of {kind.title}")
    said = kind.document(known, asked)
    for file in known:
        file.leave()
    without: Document = veiled(said, known)
    return without


def _named(name: str) -> Kind:
    if name not in KINDS:
        raise UsageError(f"--from is one of {', '.join(KINDS)}, not {name!r}")
    return KINDS[name]


def _recognised(files: Sequence[Found]) -> Kind:
    found = [kind for kind in KINDS.values() if any(map(kind.knows, files))]
    names = some([file.source.file for file in files], 5)
    if not found:
        raise UsageError(f"{names}: no tool is told by what is in there; --from names one of {', '.join(KINDS)}")
    if len(found) > 1:
        titles = " and ".join(kind.title for kind in found)
        raise UsageError(f"{names} are files of {titles}: import them one by one, or name one by --from")
    return found[0]
