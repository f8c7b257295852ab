"""A spec that was read, and the account that it is for."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from batchctl.frozen import dataclass
from batchctl.library.telling import log, veiled
from batchctl.spec.model import Spec

if TYPE_CHECKING:
    from batchctl.cloud.azure_cloud import Azure
    from batchctl.reconcile.kept.codec import Codec
    from batchctl.reconcile.kept.document import Place

Value: TypeAlias = str | int | float | bool
"""Of a variable; a list has several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A spec, checked; `batchctl.load` makes it. `path`: as it was named; `name`: the spec's `name`, which owns what is
    made. What a file says that the spec names is read anew by each call; an edit of the spec itself wants `load` again.
    """

    path: Path
    name: str
    spec: Spec = field(repr=False)
    target: str | None = None
    prices: Path | None = field(default=None, repr=False)
    parallelism: int | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """A workload with its account; `spec` knows the region and its prices."""

    spec: Spec
    cloud: "Azure"
    place: "Place"
    codec: "Codec"


def load(
    path: str | Path,
    *,
    variables: Mapping[str, Value | Sequence[Value]] | None = None,
    var_files: Sequence[str | Path] = (),
    overlays: Sequence[str | Path] = (),
    target: str | None = None,
    prices: str | Path | None = None,
    parallelism: int | None = None,
    allow_python: bool = False,
) -> Workload:
    """Read and check a spec. Asks no account; key vaults that it names are read.

    `variables`: values of its `vars`, as `--var` gives them, before `var_files` (YAML, of several the last counts) and
    `BATCHCTL_VAR_…`. `overlays`: YAML files laid over it, of several the last counts. `target`: `azure` or `local`,
    before `BATCHCTL_TARGET`, the spec's `account:` and `AZURE_BATCH_…`. `prices`: a file as `batchctl prices update`
    keeps it. `parallelism`: objects that are worked on at once, 1 to 64. `allow_python`: its generators may run.

    Raises SpecError with every problem and its line and column, UsageError for variables that the spec does not take.
    """
    from platformdirs import user_cache_path

    from batchctl import hashes
    from batchctl.opening.outside import Outside
    from batchctl.opening.target import choose
    from batchctl.spec import load as reading

    target = target or os.environ.get("BATCHCTL_TARGET")
    choose(None, target, {})  # a slip in it is told here, and not by the first request
    hashes.open_memory(user_cache_path("batchctl"))
    given = {name: _texts(value) for name, value in (variables or {}).items()}
    spec = reading.load(
        Path(path),
        given,
        Outside(os.environ),
        var_files=[Path(file) for file in var_files],
        overlays=[Path(file) for file in overlays],
        allow_python=allow_python,
    )
    kept = Path(prices) if prices else None
    return Workload(
        path=Path(path), name=spec.name, spec=spec, target=target, prices=kept, parallelism=_bounded(parallelism)
    )


@contextmanager
def opened(workload: Workload) -> Iterator[Opened]:
    """With its account; where none is named, the services of this machine, started if need be. Errors that come out of
    it show no secret."""
    from batchctl.clock import SystemClock
    from batchctl.cloud.connect import connect
    from batchctl.opening.known_prices import known_prices, region_of
    from batchctl.opening.target import found_target
    from batchctl.reconcile.kept.document import Place
    from batchctl.verbs.saved import codec_for

    spec, codec = workload.spec, codec_for(workload.spec)
    with veiled(codec):
        target = found_target(spec, workload.target, os.environ, log)
        place = Place(batch=target.batch_url, storage=target.storage_url)
        spec = replace(spec, prices=known_prices(workload.prices, place.batch), region=region_of(place.batch))
        cloud = connect(target, SystemClock(), workload.parallelism, log)
        yield Opened(spec=spec, cloud=cloud, place=place, codec=codec)


def _texts(value: Value | Sequence[Value]) -> tuple[str, ...]:
    """As a command line would say it."""
    if isinstance(value, bool):
        return ("true" if value else "false",)
    if isinstance(value, str | int | float):
        return (str(value),)
    return tuple(text for one in value for text in _texts(one))


def _bounded(parallelism: int | None) -> int | None:
    from batchctl.errors import UsageError

    if parallelism is not None and not 1 <= parallelism <= 64:
        raise UsageError(f"parallelism is 1 to 64, not {parallelism}")
    return parallelism
