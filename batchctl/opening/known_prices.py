"""List prices that were kept, and the region that tells which of them count."""

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from batchctl.errors import UsageError

if TYPE_CHECKING:
    from batchctl.cloud_answers import Prices

AZURE_HOST = ".batch."
"""What stands behind the region in the address of a Batch account: `name.westeurope.batch.azure.com`."""


def known_prices(path: Path | None, batch_url: str) -> "Prices | None":
    """Those of `--prices`, else those that were kept for the region of the account. Raises UsageError for a file that
    has none."""
    region = region_of(batch_url)
    place = path or (kept_at(region) if region else None)
    if place is None or (path is None and not place.is_file()):
        return None
    from batchctl.prices import read_prices

    try:
        return read_prices(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        mends = "" if path else f"; `batchctl prices update --region {region}` writes them anew"
        raise UsageError(f"cannot read the prices {place}: {error}{mends}") from error


def region_of(batch_url: str) -> str:
    """The region of an account in Azure, "" for others."""
    host = urlsplit(batch_url).hostname or ""
    return host.partition(AZURE_HOST)[0].rpartition(".")[2] if AZURE_HOST in host else ""


def kept_at(region: str) -> Path:
    from platformdirs import user_cache_path

    return Path(user_cache_path("batchctl")) / f"prices-{region}.json"
