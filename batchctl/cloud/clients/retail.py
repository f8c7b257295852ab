"""Azure's public retail prices: no key, no account, page by page (Learn: "Azure Retail Prices overview")."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from azure.core import PipelineClient
from azure.core.exceptions import AzureError
from azure.core.pipeline.policies import RetryPolicy, UserAgentPolicy
from azure.core.rest import HttpRequest

from batchctl.errors import CloudError
from batchctl.version import __version__

MOST_PAGES = 1000
"""A region has some 5,000 meters of virtual machines, and a page 100 or 1,000."""

WITHIN = 60
"""Seconds that a page may take."""


def list_meters(endpoint: str, region: str, currency: str) -> Iterator[dict[str, Any]]:
    """The meters of virtual machines in a region. Raises CloudError."""
    client: Any = PipelineClient(
        endpoint, policies=[UserAgentPolicy(f"batchctl/{__version__}"), RetryPolicy(retry_total=4)]
    )
    asked = f"serviceName eq 'Virtual Machines' and armRegionName eq '{region}' and priceType eq 'Consumption'"
    request = HttpRequest("GET", endpoint, params={"currencyCode": currency, "$filter": asked})
    with client:
        for _ in range(MOST_PAGES):
            page = _page(client, request)
            yield from page["Items"]
            link = page.get("NextPageLink")
            if not link:
                return
            if urlsplit(str(link)).hostname != urlsplit(endpoint).hostname:
                raise CloudError(f"{endpoint} sends on to another host: {link}")
            request = HttpRequest("GET", str(link))
    raise CloudError(f"{endpoint} has no end: {MOST_PAGES} pages were read")


def _page(client: Any, request: HttpRequest) -> dict[str, Any]:
    try:
        response = client.send_request(request, connection_timeout=WITHIN, read_timeout=WITHIN)
        response.raise_for_status()
        page = response.json()
    except (AzureError, ValueError) as error:
        raise CloudError(f"cannot read prices from {request.url}: {error}") from error
    if not isinstance(page, dict) or not isinstance(page.get("Items"), list):
        raise CloudError(f"cannot read prices from {request.url}: no page of them")
    return page
