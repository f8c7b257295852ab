"""Is an answer the service's own, and to this very request? What stands between us and the service answers too."""

from collections.abc import Mapping

from batchctl.cloud.clients.faults import TRANSIENT, Fault

OF_SERVICES = ("x-ms-request-id", "request-id", "x-ms-keyvault-service-version")
"""Every answer of storage has the first (REST: common response headers), every one of Batch the second; recorded
answers of key vaults have the first or the last, most of them both."""

OF_STORAGE, OF_BATCH = "x-ms-client-request-id", "client-request-id"
"""The header in which a client names its request. Storage gives it back with the answer, Batch does if it is asked to
by `return-client-request-id` (REST: common request headers of both)."""


def is_azurite(server: str) -> bool:
    """By what the header `Server` of an answer says."""
    return server.startswith("Azurite-Blob/")


def require_the_service(where: str, status: int, headers: Mapping[str, str], service: str) -> None:
    """Raises Fault for an answer without what `service` gives each of its own: what answered stands between us
    and the service, a login page or a proxy (reliability F13).

    That it is done, not there or not allowed is believed of the service alone; that it is busy, of whoever says so.
    """
    if status in TRANSIENT or any(headers.get(name) is not None for name in OF_SERVICES):
        return
    # Azurite 3.37 gives a user delegation key without an id.
    if is_azurite(headers.get("Server") or ""):
        return
    kind = headers.get("Content-Type", "nothing")
    told = (
        f"{where} did not answer as {service} does (it answered {status} and sent {kind}): is this the account's "
        f"endpoint, and does a proxy or a login page stand before it?"
    )
    raise Fault(told, status=0, code="NotTheService")


def require_this_request(where: str, asked: str | None, answered: str | None, service: str) -> None:
    """Raises Fault for an answer that names another request than the one that was `asked`: an earlier one, given again
    (reliability F67). One that names none is believed: Azurite refuses without a name."""
    if answered is None or asked is None or answered.lower() == asked.lower():
        return
    told = f"{where} gave an answer to another request again: does a cache stand before {service}?"
    raise Fault(told, status=0, code="NotThisRequest")
