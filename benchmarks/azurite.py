"""An Azurite of its own, on a disk of its own, that ends with the block: it slows down as it fills."""

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from batchctl import local


@dataclass(frozen=True, slots=True)
class Azurite:
    """As `stub.Stub`, but nobody counts its requests."""

    url: str
    account: str
    key: str

    def tally(self) -> Counter[str]:
        return Counter()


@contextmanager
def azurite() -> Iterator[Azurite]:
    with tempfile.TemporaryDirectory() as scratch:
        where = {"BATCHCTL_LOCAL_HOME": str(Path(scratch) / "home"), "NO_PROXY": "127.0.0.1"}
        with patch.dict(os.environ, where):
            services = local.ensure_running(print)
            opened = {"BENCHMARKS_ACCOUNT": services.storage_account, "BENCHMARKS_KEY": services.storage_key}
            try:
                with patch.dict(os.environ, opened):
                    yield Azurite(services.blob_url, services.storage_account, services.storage_key)
            finally:
                local.stop()
