"""What the service is told at its start. Nothing here changes while it runs."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from batchctl.emulator.auto_storage import AutoStorage

NEWER_API = "accept-newer-api"
TRUST = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
"""The variables by which programs are told whom to trust. All but the last name them in place of the public ones."""


@dataclass(frozen=True, slots=True)
class Certificates:
    """What https takes, in files of these names in one directory; whoever starts the service made them."""

    directory: Path

    @property
    def authority(self) -> Path:
        """Whom clients trust."""
        return self.directory / "authority.pem"

    @property
    def chain(self) -> Path:
        """The server's certificate, signed by the authority."""
        return self.directory / "server.pem"

    @property
    def key(self) -> Path:
        return self.directory / "server.key"

    @property
    def trust(self) -> dict[str, str]:
        """The variables of tasks in which the authority is trusted, beside those that are trusted everywhere."""
        bundle = {name: str(self.directory / "bundle.pem") for name in TRUST}
        return {**bundle, "NODE_EXTRA_CA_CERTS": str(self.authority)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`key` is the account's key, decoded. `time_scale`: 0, machines come at once; 1, as slowly as on Azure;
    None: as it was kept, at first 0. `glimpse`: the seconds that a state in passing lasts at least, to be seen.

    `containers`: "auto" runs container tasks with docker or podman where one is there, "host" runs their command line
    as if it had no container, "refuse" fails them as a node without a runtime would. `adopts`: the service is a process
    of its own, and may take in what tasks leave behind. `storage`: the account's auto storage. `certificates`: https is
    served too, on the same port; `keyless`: tasks are told of that alone, and whom to trust. `accepts_newer_api`:
    requests of newer versions than are known are served as the newest; so too where the home has a file NEWER_API.
    `bind`: the address to listen on. `host_names`: by which clients may call it besides those of loopback, at any port.
    `identity_key`: the file of the key that signs tokens; None: in the home.
    """

    home: Path
    account: str
    key: bytes = field(repr=False)
    time_scale: float | None = None
    glimpse: float = 0.0
    pool_quota: int = 100
    job_quota: int = 300
    dedicated_core_quota: int = 1000
    spot_core_quota: int = 1000
    adopts: bool = False
    storage: AutoStorage | None = None
    certificates: Certificates | None = None
    identity_key: Path | None = None
    keyless: bool = False
    containers: str = "auto"
    accepts_newer_api: bool = False
    bind: str = "127.0.0.1"
    host_names: tuple[str, ...] = ()
    search_path: str = field(default_factory=lambda: os.environ.get("PATH", os.defpath))
