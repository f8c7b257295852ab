"""What a spec finds outside: the environment, and behind it key vaults."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from batchctl.sensitive import FROM_VAULT

if TYPE_CHECKING:
    from batchctl.cloud.clients.vault import Vaults


class Outside(Mapping[str, str]):
    """The environment; of a key `keyvault:VAULT/NAME` the secret, read when it is asked for, and once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ, self._read = environ, dict[str, str | None]()
        self._vaults: Vaults | None = None

    def __getitem__(self, name: str) -> str:
        if not name.startswith(FROM_VAULT):
            return self._environ[name]
        if name not in self._read:
            self._read[name] = self._opened().secret(name.removeprefix(FROM_VAULT))
        found = self._read[name]
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._environ)

    def __len__(self) -> int:
        return len(self._environ)

    def _opened(self) -> "Vaults":
        if self._vaults is None:
            from batchctl.clock import SystemClock
            from batchctl.cloud.clients.vault import Vaults  # imported late: nearly no spec names a vault

            self._vaults = Vaults(SystemClock())
        return self._vaults
