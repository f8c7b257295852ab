"""Which account a spec speaks to (design D9)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from batchctl.errors import UsageError

if TYPE_CHECKING:
    from batchctl.cloud.connect import Target
    from batchctl.local import Services
    from batchctl.spec.model import Spec

AZURE_VARIABLES = ("AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ENDPOINT", "AZURE_BATCH_ACCESS_KEY")
"""What the Azure CLI reads; any of them names an Azure account (design D9)."""


def found_target(
    spec: "Spec | None", target: str | None, environ: Mapping[str, str], say: Callable[[str], None]
) -> "Target":
    """The account; where none is named the services of this machine, started if need be. `say` hears what that does."""
    if choose(spec, target, environ)[0] == "azure":
        return azure_target(spec, environ)
    from batchctl import local

    return target_of(local.ensure_running(say))


def azure_target(spec: "Spec | None", environ: Mapping[str, str]) -> "Target":
    """The account that the spec or the environment names. Raises UsageError where neither says enough."""
    from batchctl.cloud.connect import Target

    said = spec.account if spec else None
    account = (said.batch, said.storage) if said else (None, None)
    return Target.azure(account, environ, said.resource_id if said else None)


def target_of(services: "Services") -> "Target":
    """The services on this machine as what `connect` takes."""
    from batchctl.cloud.connect import Target

    return Target.local(
        batch_url=services.batch_url,
        batch_account=services.batch_account,
        batch_key=services.batch_key,
        storage_url=services.blob_url,
        storage_account=services.storage_account,
        storage_key=services.storage_key,
        trusted=str(services.authority) if services.authority else None,
    )


def choose(spec: "Spec | None", target: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
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
