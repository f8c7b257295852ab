"""The service as a cloud of its own to the Azure CLI: its endpoints, and the one subscription of who signs in.

`az cloud register --endpoint-resource-manager URL` asks for the first, `az login` for the second. Shapes as azure-cli
2.91.0 reads them; nothing else of Azure Resource Manager is served.
"""

from batchctl.emulator.api.entra.tokens import AS_JSON, Asked
from batchctl.emulator.identity.claims import BATCH
from batchctl.emulator.identity.principals import SUBSCRIPTION, TENANT
from batchctl.emulator.life.service import Service
from batchctl.emulator.wire.messages import Answer


def describe_cloud(service: Service, asked: Asked) -> Answer:  # noqa: ARG001 - a handler takes both
    """Where the CLI signs in, and for whom it asks tokens."""
    home = asked.base
    body = {
        "name": "batchctl",
        "portal": home,
        "authentication": {
            "loginEndpoint": home,
            "audiences": [home],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "graph": home,
        "batch": BATCH,
        "resourceManager": home,
        "suffixes": {"storage": "core.windows.net"},
    }
    return Answer(200, body, AS_JSON)


def list_subscriptions(service: Service, asked: Asked) -> Answer:  # noqa: ARG001 - a handler takes both
    """The one subscription."""
    body = {
        "id": f"/subscriptions/{SUBSCRIPTION}",
        "subscriptionId": SUBSCRIPTION,
        "tenantId": TENANT,
        "displayName": "batchctl on this machine",
        "state": "Enabled",
        "subscriptionPolicies": {},
        "authorizationSource": "RoleBased",
    }
    return Answer(200, {"value": [body]}, AS_JSON)
