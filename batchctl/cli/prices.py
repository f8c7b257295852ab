"""batchctl prices: list prices of Azure, kept for `plan` and `apply`."""

from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli.speaking import open_page
from batchctl.errors import MachineError, UsageError
from batchctl.opening.known_prices import kept_at

if TYPE_CHECKING:
    from batchctl.cloud_answers import Prices

app = typer.Typer(help="List prices of Azure, by which plans tell what they cost.", no_args_is_help=True)

RETAIL = "https://prices.azure.com/api/retail/prices"


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
    path = kept_at(region)
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
