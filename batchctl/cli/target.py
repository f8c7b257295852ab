"""Which account a command speaks to (design D9), and the cloud that is made of it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batchctl.cli.documents import is_plan
from batchctl.cli.speaking import Voice
from batchctl.errors import UsageError

if TYPE_CHECKING:
    from batchctl.cloud.connect import Target
    from batchctl.reconcile.kept.document import Place
    from batchctl.reconcile.port import Cloud
    from batchctl.spec.model import Spec

AZURE_VARIABLES = ("AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ENDPOINT", "AZURE_BATCH_ACCESS_KEY")
"""What the Azure CLI reads; any of them names an Azure account (design D9)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A spec that was loaded from `path` with `variables` of the command line, and the account that it is for."""

    path: Path
    variables: Mapping[str, str]
    spec: "Spec"
    cloud: "Cloud"
    place: "Place"


def open_spec(
    path: Path,
    target: str | None,
    var: list[str] | None,
    printer: Voice,
    at_once: int | None = None,
    allow_python: bool = False,
) -> Opened:
    """Load the spec and find its account. Sends no request to it."""
    from platformdirs import user_cache_path

    from batchctl import hashes
    from batchctl.clock import SystemClock
    from batchctl.spec.reading.load import load

    hashes.remember(user_cache_path("batchctl"))
    if is_plan(path):
        raise UsageError(f"{path} is a saved plan: `batchctl show` shows it, `batchctl apply` does what it says")
    given = variables(var)
    spec = load(path, given, os.environ, allow_python=allow_python)
    chosen = _target(spec, target, os.environ, printer)
    from batchctl.cloud.connect import connect
    from batchctl.reconcile.kept.document import Place
    from batchctl.verbs.saved import codec_for

    place = Place(batch=chosen.batch_url, storage=chosen.storage_url)
    printer.account(place, codec_for(spec))
    return Opened(path, given, spec, connect(chosen, SystemClock(), at_once), place)


def open_account(target: str | None, printer: Voice) -> "Cloud":
    """The account that the flags or the environment name; no spec is asked."""
    from batchctl.clock import SystemClock
    from batchctl.cloud.connect import connect

    return connect(_target(None, target, os.environ, printer), SystemClock())


def _target(spec: "Spec | None", target: str | None, environ: Mapping[str, str], printer: Voice) -> "Target":
    """The target, said in the first line."""
    name, why = _choose(spec, target, environ)
    from batchctl.cloud.connect import Target

    if name == "azure":
        account = (spec.account.batch, spec.account.storage) if spec and spec.account else (None, None)
        chosen = Target.azure(account, environ)
        printer.target(name, why, chosen.batch_url)
        return chosen
    from batchctl import local

    printer.target(name, why)
    services = local.ensure(printer.say)
    return Target.local(
        batch_url=services.batch_url,
        batch_account=services.batch_account,
        batch_key=services.batch_key,
        storage_url=services.blob_url,
        storage_account=services.storage_account,
        storage_key=services.storage_key,
    )


def _choose(spec: "Spec | None", target: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """(azure or local, why), in the order of design D9."""
    if target is not None:
        if target not in ("azure", "local"):
            raise UsageError(f"--target is azure or local, not {target!r}")
        return target, "as --target or BATCHCTL_TARGET says"
    if spec is not None and spec.account is not None:
        return "azure", "the spec's account"
    if named := [variable for variable in AZURE_VARIABLES if environ.get(variable)]:
        return "azure", f"{named[0]} is set"
    return "local", "no Azure account is named"


def variables(var: list[str] | None) -> dict[str, str]:
    for item in var or ():
        if "=" not in item:
            raise UsageError(f"--var takes NAME=VALUE, not {item!r}")
    return dict(item.split("=", 1) for item in var or ())
