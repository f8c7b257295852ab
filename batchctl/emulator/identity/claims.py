"""What a token says, and what the Batch service thinks of it. Pure: the time is handed in.

Claims are those of Learn, "Access token claims reference", in both versions.
"""

from typing import Any

from batchctl.emulator.identity.principals import TENANT, Principal

Claims = dict[str, Any]

LIFE = 3600
"""Seconds. Clients ask again when less than 300 are left, and some keep no token that lives less than that."""
EARLY = 300
"""Seconds before its making from which a token counts, as Entra has it: clocks differ."""
BATCH = "https://batch.core.windows.net/"
BATCH_APPLICATION = "ddbf3205-c6bd-46ae-8127-60eb93363864"
"""Azure Batch as an application of Entra ID: who asks for it by this name gets a token of version 2.0."""
AUDIENCES = (BATCH, BATCH.rstrip("/"), BATCH_APPLICATION)
"""Whom the door lets in. Azure has refused the one without a slash (github.com/Azure/azure-sdk-for-net/issues/8026,
2019; AzureAD/microsoft-authentication-library-for-js/issues/1735, 2020); that it still does is not on record."""
ISSUERS = {
    "1.0": f"https://sts.windows.net/{TENANT}/",
    "2.0": f"https://login.microsoftonline.com/{TENANT}/v2.0",
}


def claims_of(principal: Principal, audience: str, now: float) -> Claims:
    """The claims of a token for `audience`: of version 1.0, as Batch and storage want it, or 2.0."""
    version = "2.0" if audience == BATCH_APPLICATION else "1.0"
    client = {"appid": principal.client, "appidacr": "2"} if version == "1.0" else {"azp": principal.client}
    return {
        "aud": audience,
        "iss": ISSUERS[version],
        "iat": int(now),
        "nbf": int(now) - EARLY,
        "exp": int(now) + LIFE,
        **client,
        "idtyp": "app",
        "oid": principal.object,
        "sub": principal.object,
        "tid": TENANT,
        "ver": version,
        **({"xms_mirid": principal.resource} if principal.resource else {}),
    }


def objection_to(claims: Claims, now: float) -> str | None:
    """Why the Batch service does not take these claims; None if it does.

    The first sentence is the service's own (both reports above); the others are of Azure Resource Manager, whose
    first it is too.
    """
    audience, issuer = claims.get("aud"), claims.get("iss")
    if audience not in AUDIENCES:
        return (
            f"The access token has been obtained from wrong audience or resource '{audience}'. It should exactly match "
            f"(including forward slash) with one of the allowed audiences '{BATCH}'"
        )
    if issuer not in ISSUERS.values() or claims.get("tid", TENANT) != TENANT:
        return (
            f"The access token is from the wrong issuer '{issuer}'. It must match the tenant '{ISSUERS['1.0']}' "
            "associated with this account."
        )
    end, start = claims.get("exp"), claims.get("nbf")
    if not isinstance(end, int | float) or not isinstance(start, int | float):
        return "The access token is invalid: it has no lifetime."
    if end <= now:
        return "Lifetime validation failed. The token is expired."
    if start > now + EARLY:
        return "Lifetime validation failed. The token is not yet valid."
    return None
