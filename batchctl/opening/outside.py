"""What a spec finds outside: the environment, and behind it key vaults."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from batchctl.sensitive import FROM_VAULT, HIDDEN

if TYPE_CHECKING:
    from batchctl.cloud.clients.vault import Vaults


UNREAD = f"{HIDDEN})"
"""What a secret is that nobody asked for."""


class Outside(Mapping[str, str]):
    """The environment; of a key `keyvault:VAULT/NAME` the secret, read when it is asked for, and once; without `read`
    what stands for one."""

    def __init__(self, environ: Mapping[str, str], *, read: bool = True) -> None:
        self._environ, self._read, self._may_read = environ, dict[str, str | None](), read
        self._vaults: Vaults | None = None

    def __getitem__(self, name: str) -> str:
        if not name.startswith(FROM_VAULT):
            return self._environ[name]
        if not self._may_read:
            return UNREAD
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
