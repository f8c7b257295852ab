"""Azure Resource Manager, for what Batch's own service does not do: the identity of a pool, the quotas of the account.

Its library, azure-mgmt-batch, is the extra `batchctl[arm]` and loaded when it is needed. It has not met the real
service yet.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import urlsplit

from azure.core import AzureClouds
from azure.core.exceptions import AzureError, HttpResponseError
from azure.core.pipeline.transport import RequestsTransport

from batchctl.cloud.clients.faults import NOT_SIGNED_IN, fault_of
from batchctl.cloud.clients.gate import Gate
from batchctl.cloud.clients.storage import ANSWER_WITHIN, CONNECT_WITHIN

CLOUDS = {
    ".chinacloudapi.cn": AzureClouds.AZURE_CHINA_CLOUD,
    ".usgovcloudapi.net": AzureClouds.AZURE_US_GOVERNMENT,
}
"""Which cloud an account is in, by the end of its endpoint's name; the public one else."""

WANTED = "a pool's identity is given by Azure Resource Manager alone"

Json = dict[str, Any]
T = TypeVar("T")


class Arm:
    """The pools of one Batch account. `account` is its resource id, None where nobody says it."""

    def __init__(self, account: str | None, endpoint: str, gate: Gate) -> None:
        self.account = account
        self._host, self._gate = urlsplit(endpoint).hostname or "", gate

    def obstacle(self) -> str | None:
        """Why it can do nothing for us, and what to do about it."""
        return self._why_not_asked() or self._why_nobody_is_signed_in()

    def _why_not_asked(self) -> str | None:
        if self.account is None:
            return f"{WANTED}: give the spec `account.resourceId` (`az batch account show --query id` has it)"
        if self._name.lower() != self._host.partition(".")[0]:
            return f"{WANTED}, and `account.resourceId` names {self._name!r}, not the account of {self._host!r}"
        if not _is_installed():
            return f"{WANTED}, and what speaks to it is not installed: pip install 'batchctl[arm]'"
        return None

    def _why_nobody_is_signed_in(self) -> str | None:
        from azure.mgmt.core.tools import get_arm_endpoints

        try:
            self._credential.get_token(*get_arm_endpoints(self._cloud)["credential_scopes"])
        except AzureError as error:
            fault = fault_of(error)
            return f"{WANTED}: {NOT_SIGNED_IN if fault.code == 'NotSignedIn' else fault}"
        return None

    def make_pool(self, name: str, body: Json) -> bool:
        """False: there is one of that name. Raises AzureError."""
        try:
            self._client.pool.create(self._group, self._name, name, body, headers={"If-None-Match": "*"})
        except HttpResponseError as error:
            if error.status_code != 412:
                raise
            return False
        return True

    def change_pool(self, name: str, body: Json) -> None:
        """Raises AzureError."""
        self._client.pool.update(self._group, self._name, name, body)

    @cached_property
    def account_as_told(self) -> Json | None:
        """The Batch account in REST JSON, with its quotas; None where nobody may ask. Raises AzureError, and may be
        asked again."""
        if self._why_not_asked():
            return None
        return _if_allowed(lambda: dict(self._client.batch_account.get(self._group, self._name).as_dict()))

    @cached_property
    def sizes_as_told(self) -> list[Json]:
        """The VM sizes that Batch has in the account's region; none where nobody may ask. Raises AzureError, as the
        account."""
        region = (self.account_as_told or {}).get("location")
        if not region:
            return []
        sizes = self._client.location.list_supported_virtual_machine_skus
        return _if_allowed(lambda: [dict(item.as_dict()) for item in sizes(region)]) or []

    @cached_property
    def _cloud(self) -> AzureClouds:
        return next((c for end, c in CLOUDS.items() if self._host.endswith(end)), AzureClouds.AZURE_PUBLIC_CLOUD)

    @cached_property
    def _credential(self) -> Any:
        from azure.identity import DefaultAzureCredential

        return DefaultAzureCredential()

    @cached_property
    def _client(self) -> Any:
        from azure.mgmt.batch import BatchManagementClient

        return BatchManagementClient(
            self._credential,
            self._part("subscriptions"),
            cloud_setting=self._cloud,
            transport=RequestsTransport(connection_timeout=CONNECT_WITHIN, read_timeout=ANSWER_WITHIN),
            user_agent=self._gate.user_agent,
            raw_request_hook=self._gate.check,
            retry_total=0,
            permit_redirects=False,
        )

    @property
    def _group(self) -> str:
        return self._part("resourcegroups")

    @property
    def _name(self) -> str:
        return self._part("batchaccounts")

    def _part(self, kind: str) -> str:
        """What comes behind that word of the resource id."""
        words = (self.account or "").split("/")
        return words[[word.lower() for word in words].index(kind) + 1]


def _if_allowed(request: Callable[[], T]) -> T | None:
    """None where nobody is signed in, has no right, or sees nothing there. Raises AzureError where nobody answers."""
    try:
        return request()
    except AzureError as error:
        fault = fault_of(error)
        if fault.code == "NotSignedIn" or fault.status in (401, 403, 404):
            return None
        raise


def _is_installed() -> bool:
    try:
        import azure.mgmt.batch
    except ImportError:
        return False
    return azure.mgmt.batch is not None
