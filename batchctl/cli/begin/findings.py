"""What `batchctl doctor` finds, and how bad that is. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from batchctl.frozen import dataclass

State = Literal["ok", "warning", "problem"]

SKEW_REFUSED = timedelta(minutes=15)
"""Learn, "Authorize with Shared Key": requests that are older are refused."""
SKEW_NOTICED = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Finding:
    """`remedy`: what to do about it, empty where nothing is to be done."""

    what: str
    state: State
    said: str
    remedy: str = ""


SIGNED_IN = (
    ("AZURE_CLIENT_SECRET", "a service principal with a secret"),
    ("AZURE_CLIENT_CERTIFICATE_PATH", "a service principal with a certificate"),
    ("AZURE_FEDERATED_TOKEN_FILE", "a workload identity"),
    ("IDENTITY_ENDPOINT", "a managed identity"),
)
"""Variables in the order in which DefaultAzureCredential tries what they name."""


def credential(what: str, has_key: bool, variable: str, environ: Mapping[str, str]) -> Finding:
    """Which one is used for the service, and why. Whether it is taken, its answer tells."""
    if has_key:
        return Finding(f"{what} credential", "ok", f"the account's key, for {variable} is set")
    if chosen := environ.get("AZURE_TOKEN_CREDENTIALS"):
        return Finding(f"{what} credential", "ok", f"Entra ID by {chosen}, as AZURE_TOKEN_CREDENTIALS says")
    for name, means in SIGNED_IN:
        if environ.get(name):
            return Finding(f"{what} credential", "ok", f"Entra ID by {means}, for {name} is set and {variable} is not")
    said = f"Entra ID by who is signed in here (az, azd, PowerShell), for {variable} is not set"
    return Finding(f"{what} credential", "ok", said)


def clock(what: str, here: datetime, there: datetime | None) -> Finding:
    """`there`: what the service's Date header says, in whole seconds."""
    if there is None:
        return Finding(f"{what} clock", "warning", "its answer bears no time", "see what stands between: a proxy?")
    skew = abs(here - there)
    state: State = "ok" if skew < SKEW_NOTICED else "warning" if skew < SKEW_REFUSED else "problem"
    side = "behind" if here < there else "ahead"
    said = f"{skew.total_seconds():.0f} s {side} of the service's" if state != "ok" else "as the service's"
    remedy = "" if state == "ok" else "set this machine's clock: signatures are refused from 15 minutes on"
    return Finding(f"{what} clock", state, said, remedy)
