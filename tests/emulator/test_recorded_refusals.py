"""Refusals as Azure Batch was recorded to give them: code, message, and the pairs that name the culprit."""

import pytest

from .raw import VERSION, send

AGENT = "batch.node.windows amd64"
IMAGE = {"publisher": "a", "offer": "b", "sku": "c"}
MACHINE = {"imageReference": IMAGE, "nodeAgentSKUId": AGENT}
UBUNTU = {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"}
IDENTITY = "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/i"
KEY = {"identityReference": {"resourceId": IDENTITY}, "keyUrl": "https://vault.example/keys/k/1"}
KEY_OF_THEIRS = {"diskEncryptionConfiguration": {"customerManagedKey": KEY}}
PACKAGES = {"applicationPackageReferences": [{"applicationId": "does-not-exist"}]}
POOL = {
    "id": "refused",
    "vmSize": "Standard_A1",
    "virtualMachineConfiguration": {"imageReference": UBUNTU, "nodeAgentSKUId": "batch.node.ubuntu 24.04"},
}
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/group"
COMPUTE = "/subscriptions/{subscriptionId}/resourceGroups/{resourceGroupName}/providers/Microsoft.Compute"
GALLERY = f"{COMPUTE}/galleries/{{galleryName}}/images/{{galleryImageName}}"
NO_IMAGE = f"{GROUP}/providers/Microsoft.Compute/gallery/g/images/i"
SUBNET = f"{GROUP}/providers/Microsoft.Network/virtualNetworks/vnet1/subnets/subnet1"
LARGE = {"value": [{"id": "t", "commandLine": "x" * (1 << 20)}]}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code", "message", "values"),
    [
        (
            "POST",
            "/pools",
            {**POOL, "virtualMachineConfiguration": MACHINE},
            400,
            "InvalidPropertyValue",
            "The value provided for one of the properties in the request body is invalid.",
            {
                "PropertyName": "imageReference",
                "Reason": "The specified imageReference with publisher a offer b sku c is not supported.",
            },
        ),
        (
            "POST",
            "/pools",
            {**POOL, **PACKAGES},
            409,
            "InvalidApplicationPackageReferences",
            "One or more of the specified application package references are invalid.",
            {"does-not-exist": "The specified application package does not exist."},
        ),
        (
            "POST",
            "/pools",
            {**POOL, "virtualMachineConfiguration": {**POOL["virtualMachineConfiguration"], **KEY_OF_THEIRS}},
            400,
            "InvalidPropertyValue",
            "The value provided for one of the properties in the request body is invalid.",
            {
                "PropertyName": "identity",
                "PropertyValue": None,
                "Reason": "Pool Identity is required when using CustomerManagedKey.",
            },
        ),
        (
            "POST",
            "/pools",
            {**POOL, "networkConfiguration": {"subnetId": SUBNET}},
            400,
            "InvalidPropertyValue",
            "The value provided for one of the properties in the request body is invalid.",
            {
                "PropertyName": "subnetId",
                "PropertyValue": SUBNET,
                "Reason": "The specified subnetId is in a different subscription and cannot be used with the current "
                "Batch account in subscription 00000000-0000-0000-0000-000000000001",
            },
        ),
        (
            "POST",
            "/pools",
            {
                **POOL,
                "virtualMachineConfiguration": {
                    "imageReference": {
                        "virtualMachineImageId": f"{GROUP}/providers/Microsoft.Compute/gallery/g/images/i"
                    },
                    "nodeAgentSKUId": "batch.node.ubuntu 24.04",
                },
            },
            400,
            "InvalidPropertyValue",
            "The value provided for one of the properties in the request body is invalid.",
            {
                "PropertyName": "virtualMachineImageId",
                "PropertyValue": NO_IMAGE,
                "Reason": "The specified resource id must be of the format "
                f"{COMPUTE}/images/{{imageName}}, {GALLERY}/versions/{{galleryImageVersionName}}, or {GALLERY}",
            },
        ),
        (
            "POST",
            "/pools/no-such-pool/resize",
            {},
            400,
            "MissingRequiredProperty",
            "A required property was not specified in the request body.",
            {"PropertyName": "targetDedicatedNodes and/or targetLowPriorityNodes"},
        ),
        (
            "GET",
            "/pools?maxresults=-5",
            None,
            400,
            "InvalidQueryParameterValue",
            "Value for one of the query parameters specified in the request URI is invalid.",
            {
                "QueryParameterName": "maxresults",
                "QueryParameterValue": "-5",
                "Reason": "MaxResults cannot be less than 1",
            },
        ),
        (
            "POST",
            "/jobs/poison/addtaskcollection",
            LARGE,
            413,
            "RequestBodyTooLarge",
            "The request body is too large and exceeds the maximum permissible limit.",
            {"MaxLimit": "1048576"},
        ),
    ],
)
def test_refusals(local, method, path, body, status, code, message, values):
    reply = send(local.url, method, f"{path}{'&' if '?' in path else '?'}{VERSION}", body)
    assert (reply.status, reply.code) == (status, code)
    assert reply.json["message"]["value"].partition("\n")[0] == message
    assert {pair["key"]: pair.get("value") for pair in reply.json["values"]} == values


@pytest.mark.parametrize("version", ["2020-09-01.12.0", "2024-02-01.19.0"])
def test_older_versions_name_no_image_of_a_virtual_machine(local, version):
    """Azure/azure-cli, test_batch_pool_cmd.yaml, 2020-12-04 and 2024-04-18."""
    image = {"virtualMachineImageId": f"{GROUP}/providers/Microsoft.Compute/images/custom_image"}
    machine = {"imageReference": image, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
    reply = send(local.url, "POST", f"/pools?api-version={version}", {**POOL, "virtualMachineConfiguration": machine})
    values = {pair["key"]: pair["value"] for pair in reply.json["values"]}
    wanted = f"{GALLERY}/versions/{{galleryImageVersionName}} or {GALLERY}"
    assert values["Reason"] == f"The specified resource id must be of the format {wanted}"


def test_packages_are_named_in_small_letters(local):
    body = {**POOL, "applicationPackageReferences": [{"applicationId": "Does-Not-Exist"}]}
    reply = send(local.url, "POST", f"/pools?{VERSION}", body)
    assert [pair["key"] for pair in reply.json["values"]] == ["does-not-exist"]
