"""Which account a command speaks to (design D9), and the cloud that is made of it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from batchctl.errors import UsageError
from batchctl.render import Printer

if TYPE_CHECKING:
    from batchctl.reconcile.port import Cloud
    from batchctl.spec.model import Spec

AZURE_VARIABLES = ("AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ENDPOINT", "AZURE_BATCH_ACCESS_KEY")
"""What the Azure CLI reads; any of them names an Azure account (design D9)."""


def open_spec(path: Path, target: str | None, var: list[str] | None, printer: Printer) -> "tuple[Spec, Cloud]":
    from batchctl.spec.load import load

    spec = load(path, variables(var), os.environ)
    return spec, _cloud(spec, target, os.environ, printer)


def _cloud(spec: "Spec", target: str | None, environ: Mapping[str, str], printer: Printer) -> "Cloud":
    """The cloud of the target, said in the first line."""
    name, why = _choose(spec, target, environ)
    from batchctl.clock import SystemClock
    from batchctl.cloud.connect import Target, connect

    if name == "azure":
        account = (spec.account.batch, spec.account.storage) if spec.account else (None, None)
        chosen = Target.azure(account, environ)
        printer.target(f"Target: azure, {chosen.batch_url} ({why})")
    else:
        from batchctl import local

        printer.target(f"Target: local ({why})")
        services = local.ensure(printer.say)
        chosen = Target.local(
            batch_url=services.batch_url,
            batch_account=services.batch_account,
            batch_key=services.batch_key,
            storage_url=services.blob_url,
            storage_account=services.storage_account,
            storage_key=services.storage_key,
        )
    return connect(chosen, SystemClock())


def _choose(spec: "Spec", target: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """(azure or local, why), in the order of design D9."""
    if target is not None:
        if target not in ("azure", "local"):
            raise UsageError(f"--target is azure or local, not {target!r}")
        return target, "as --target or BATCHCTL_TARGET says"
    if spec.account is not None:
        return "azure", "the spec's account"
    if named := [variable for variable in AZURE_VARIABLES if environ.get(variable)]:
        return "azure", f"{named[0]} is set"
    return "local", "no Azure account is named"


def variables(var: list[str] | None) -> dict[str, str]:
    for item in var or ():
        if "=" not in item:
            raise UsageError(f"--var takes NAME=VALUE, not {item!r}")
    return dict(item.split("=", 1) for item in var or ())
