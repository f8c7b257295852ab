"""batchctl prices: list prices of Azure, kept for `plan` and `apply`; and which of them a command goes by."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from batchctl.cli.speaking import open_page
from batchctl.errors import MachineError, UsageError

if TYPE_CHECKING:
    from batchctl.cloud_answers import Prices

app = typer.Typer(help="List prices of Azure, by which plans tell what they cost.", no_args_is_help=True)

RETAIL = "https://prices.azure.com/api/retail/prices"
AZURE_HOST = ".batch."
"""What stands behind the region in the address of a Batch account: `name.westeurope.batch.azure.com`."""


@app.callback()
def prices() -> None:
    """List prices of Azure, by which plans tell what they cost."""


@app.command("update")
def prices_update(
    region: Annotated[str, typer.Option("--region", metavar="REGION", help="Such as westeurope.", show_default=False)],
    currency: Annotated[str, typer.Option("--currency", help="Azure's own is USD; others are for reference.")] = "USD",
    endpoint: Annotated[
        str, typer.Option("--endpoint", envvar="BATCHCTL_PRICES_ENDPOINT", metavar="URL", help="Where they are asked.")
    ] = RETAIL,
) -> None:
    """Ask Azure's public retail prices, and keep them with their date."""
    from batchctl.cli.plan_files import write_private
    from batchctl.clock import SystemClock
    from batchctl.cloud.clients.retail import list_meters
    from batchctl.prices import prices_of_meters, prices_text

    region, currency = region.lower(), currency.upper()
    if not (region.isascii() and region.isalnum() and currency.isascii() and currency.isalpha()):
        raise UsageError(f"--region is a name such as westeurope and --currency one such as USD, not {region!r}")
    out = open_page()
    found = prices_of_meters(
        list_meters(endpoint, region, currency), region, currency, SystemClock().now().date(), endpoint
    )
    if not found.rates:
        raise UsageError(f"there are no prices of {region!r}: is it the name of a region, such as westeurope?")
    path = _kept_at(region)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, prices_text(found))
    except OSError as error:
        raise MachineError(f"cannot keep the prices in {path}: {error.strerror}") from error
    for line in _doubtful(found):
        out.result(line)
    counted = ", ".join(f"{len(sizes)} {kind}" for kind, sizes in sorted(found.rates.items()))
    out.result(f"{region}, {currency}, {found.made}: {counted} prices, kept in {path}")


SHOWN = 20


def _doubtful(found: "Prices") -> list[str]:
    from batchctl.prices import doubts

    lines = [f"doubtful: {size}, {kind}: its price per core is {why}" for kind, size, why in doubts(found)]
    return [*lines[:SHOWN], *([f"… and {len(lines) - SHOWN} more that are doubtful"] if len(lines) > SHOWN else [])]


def known_prices(path: Path | None, batch_url: str) -> "Prices | None":
    """Those of `--prices`, else those that were kept for the region of the account. Raises UsageError for a file that
    has none."""
    region = region_of(batch_url)
    place = path or (_kept_at(region) if region else None)
    if place is None or (path is None and not place.is_file()):
        return None
    from batchctl.prices import read_prices

    try:
        return read_prices(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the prices {place}: {error}") from error


def region_of(batch_url: str) -> str:
    """The region of an account in Azure, "" for others."""
    host = urlsplit(batch_url).hostname or ""
    return host.partition(AZURE_HOST)[0].rpartition(".")[2] if AZURE_HOST in host else ""


def _kept_at(region: str) -> Path:
    from platformdirs import user_cache_path

    return Path(user_cache_path("batchctl")) / f"prices-{region}.json"
