"""The developer's own identity: the variables by which `DefaultAzureCredential` gets tokens of the local service."""

import base64
import hmac


def identity_variables(batch_url: str, batch_key: str) -> dict[str, str]:
    """The managed identity of an App Service: http will do, and Python, node and the Azure CLI know it.

    Nothing else is tried, so that whoever is signed in to Azure sends no token of his to this machine.
    """
    return {
        "IDENTITY_ENDPOINT": f"{batch_url}/_local/identity/token",
        "IDENTITY_HEADER": hmac.digest(base64.b64decode(batch_key), b"identity", "sha256").hex(),
        "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
    }
