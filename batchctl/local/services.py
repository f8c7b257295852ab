"""Where the local services answer, and what opens them: for batchctl, and as variables for everybody else."""

from dataclasses import dataclass, field
from pathlib import Path

from batchctl.local.certificates import trust
from batchctl.local.home import ACCOUNT, LOOPBACK, Home, State, account_key
from batchctl.local.identity import identity_variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Where the local services answer, and what opens them. `blob_url` ends with the account's name.

    `authority`: they are reached over https, and their certificates are signed by this one.
    """

    batch_url: str
    batch_account: str
    batch_key: str = field(repr=False)
    blob_url: str
    storage_account: str
    storage_key: str = field(repr=False)
    home: Path
    authority: Path | None = None

    @property
    def environment(self) -> dict[str, str]:
        """The variables by which other clients find both accounts: those that the Azure CLI reads. No key is among them
        where they are reached over https, so that whoever reads them signs in as on an account without keys."""
        found = {"AZURE_BATCH_ACCOUNT": self.batch_account, "AZURE_BATCH_ENDPOINT": self.batch_url}
        return found | (self._signing_in(self.authority) if self.authority else self._keys)

    @property
    def _keys(self) -> dict[str, str]:
        blobs = {
            "DefaultEndpointsProtocol": self.blob_url.partition(":")[0],
            "AccountName": self.storage_account,
            "AccountKey": self.storage_key,
            "BlobEndpoint": self.blob_url,
        }
        return {
            "AZURE_BATCH_ACCESS_KEY": self.batch_key,
            "AZURE_STORAGE_CONNECTION_STRING": ";".join(f"{name}={value}" for name, value in blobs.items()),
        }

    def _signing_in(self, authority: Path) -> dict[str, str]:
        """Where blobs are, whom to trust, and where tokens come from: http will do for that, and needs no trust."""
        url = self.batch_url.replace("https:", "http:")
        return {
            "AZURE_STORAGE_ACCOUNT": self.storage_account,
            "AZURE_STORAGE_ACCOUNT_URL": self.blob_url,
            "AZURE_STORAGE_AUTH_MODE": "login",
            **trust(authority.parent),
            **identity_variables(url, self.batch_key),
        }


def services_of(home: Home, state: State) -> Services:
    """Those of this start."""
    return Services(
        batch_url=f"{state.scheme}://{LOOPBACK}:{state.batch_port}",
        batch_account=ACCOUNT,
        batch_key=account_key(home, "batch"),
        blob_url=f"{state.scheme}://{LOOPBACK}:{state.blob_port}/{ACCOUNT}",
        storage_account=ACCOUNT,
        storage_key=account_key(home, "storage"),
        home=home.root,
        authority=home.certificates / "authority.pem" if state.keyless else None,
    )
