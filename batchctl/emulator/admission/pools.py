"""A new pool at the gate: what one of its properties says of another, and of the account."""

import re
from collections.abc import Mapping

from batchctl.emulator.admission.images import check_image
from batchctl.emulator.admission.networks import check_network
from batchctl.emulator.admission.sizes import SIZE, check_mix, check_zones
from batchctl.emulator.admission.tasks import check_packages
from batchctl.emulator.formula.language import parse_formula
from batchctl.emulator.formula.values import FormulaError
from batchctl.emulator.identity.principals import with_ids
from batchctl.emulator.records import Json, Pool
from batchctl.emulator.refusals import Refusal, bad_value
from batchctl.emulator.wire.versions import COMPUTE, JUNE_2025
from batchctl.emulator.wire.vm_sizes import MIX, cores_of

_NO_SUBSCRIPTION = re.compile(r"/subscriptions/([0-9])\1{7}-(\1{4}-){3}\1{12}/", re.IGNORECASE)

_IMAGE = f"{COMPUTE}/galleries/{{galleryName}}/images/{{galleryImageName}}"
_OF_THE_FORMAT = "The specified resource id must be of the format "
_FORMS_OF_IMAGES = (
    f"{_OF_THE_FORMAT}{COMPUTE}/images/{{imageName}}, {_IMAGE}/versions/{{galleryImageVersionName}}, or {_IMAGE}"
)
_FORMS_IN_GALLERIES = f"{_OF_THE_FORMAT}{_IMAGE}/versions/{{galleryImageVersionName}} or {_IMAGE}"
"""What versions before 2024-07-01.20.0 say (Azure/azure-cli, test_batch_pool_cmd.yaml: 2020-09-01.12.0 of 2020-12-04,
2024-02-01.19.0 of 2024-04-18): since 2020-03-01.11.0 they take images of galleries alone."""
_IMAGE_ID = re.compile(
    r"/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute"
    r"/((?P<managed>images/[^/]+)|galleries/[^/]+/images/[^/]+(/versions/[^/]+)?)",
    re.IGNORECASE,
)
_ELSEWHERE = (
    "The specified {} is in a different subscription and cannot be used with the current Batch account in subscription "
    "00000000-0000-0000-0000-000000000001"
)
"""Both reasons as recorded (Azure/azure-sdk-assets, python/…/test_batch_create_pools, 2025-06-01, 2026-01-22)."""
MOST_OF_A_FORMULA = 8192


def admit_pool(pools: Mapping[str, Pool], most: int, pool_id: str, spec: Json, version: str = JUNE_2025) -> Json:
    """A pool as it is kept. `pools` are those of the account, `most` its quota of them, `version` the caller's."""
    existing = pools.get(pool_id.lower())
    if existing is not None:
        raise Refusal("PoolBeingDeleted" if existing.state == "deleting" else "PoolExists")
    if len(pools) >= most:
        raise Refusal("PoolQuotaReached")
    _check_pool(spec, version)
    spec = with_identity_ids(spec)
    if spec["enableAutoScale"]:
        return {**spec, "autoScaleEvaluationInterval": spec.get("autoScaleEvaluationInterval", "PT15M")}
    return spec


def with_identity_ids(spec: Json) -> Json:
    """A pool, or a change of one, whose identities have their ids."""
    return {**spec, "identity": with_ids(spec["identity"])} if "identity" in spec else spec


def _check_pool(spec: Json, version: str) -> None:
    """What one property says of another."""
    check_machine(spec, version)
    check_certificates(spec)
    check_slots(spec["taskSlotsPerNode"], spec)
    check_packages(spec)
    check_kinds(spec, spec["targetDedicatedNodes"], spec["targetLowPriorityNodes"])
    if spec["enableAutoScale"] and "autoScaleFormula" not in spec:
        raise Refusal("MissingRequiredProperty", (("PropertyName", "autoScaleFormula"),))
    if spec["enableAutoScale"]:
        check_formula(spec["autoScaleFormula"])
    if spec["enableAutoScale"] and (spec["targetDedicatedNodes"] or spec["targetLowPriorityNodes"]):
        raise bad_value("enableAutoScale", True, "an autoscaled pool takes no target of nodes")
    if not spec["enableAutoScale"] and ("autoScaleFormula" in spec or "autoScaleEvaluationInterval" in spec):
        raise bad_value("autoScaleFormula", spec.get("autoScaleFormula", ""), "enableAutoScale is false")


def check_machine(spec: Json, version: str) -> None:
    """Either a virtual machine or, in older versions, a cloud service; with an image and a network that there are."""
    machine = spec.get("virtualMachineConfiguration")
    if machine is None and "cloudServiceConfiguration" not in spec:
        raise Refusal("MissingRequiredProperty", (("PropertyName", "virtualMachineConfiguration"),))
    if machine and "cloudServiceConfiguration" in spec:
        raise bad_value("cloudServiceConfiguration", "", "virtualMachineConfiguration is given too")
    network = spec.get("networkConfiguration", {})
    check_subnet(network.get("subnetId", ""))
    check_network(network)
    check_mix(spec)
    if machine:
        if spec["vmSize"] != MIX and not SIZE.fullmatch(spec["vmSize"]):
            raise bad_value("vmSize", spec["vmSize"], "no size of virtual machines has such a name")
        check_zones(machine)
        check_image(machine)
        if "customerManagedKey" in machine.get("diskEncryptionConfiguration", {}) and not _has_identity(spec):
            why = "Pool Identity is required when using CustomerManagedKey."
            values = (("PropertyName", "identity"), ("PropertyValue", None), ("Reason", why))
            raise Refusal("InvalidPropertyValue", values)
        check_custom_image(machine["imageReference"].get("virtualMachineImageId", ""), version)


def _has_identity(spec: Json) -> bool:
    return bool(spec.get("identity", {}).get("userAssignedIdentities"))


def check_subnet(name: str) -> None:
    """Refuses a subnet of a subscription that there cannot be: its id is one digit over and over."""
    if _NO_SUBSCRIPTION.match(name):
        raise bad_value("subnetId", name, _ELSEWHERE.format("subnetId"))


def check_custom_image(name: str, version: str) -> None:
    """Refuses an id that is none of an image, and an image of a subscription that there cannot be."""
    form = _IMAGE_ID.fullmatch(name)
    in_galleries = version < "2024-07"
    if name and (form is None or _NO_SUBSCRIPTION.match(name) or (in_galleries and form["managed"])):
        raise bad_value("virtualMachineImageId", name, _FORMS_IN_GALLERIES if in_galleries else _FORMS_OF_IMAGES)


def check_certificates(spec: Json) -> None:
    """The account has no certificates, so that no reference to one can be satisfied. Named as recorded of a job whose
    auto pool had one (Azure/azure-cli, test_batch_job_list_cmd.yaml, 2020-12-04 and 2024-04-18)."""
    if asked := spec.get("certificateReferences"):
        names = dict.fromkeys(f"{one['thumbprintAlgorithm']}-{one['thumbprint']}".lower() for one in asked)
        why = "The specified certificate does not exist."
        raise Refusal("InvalidCertificateReferences", tuple((name, why) for name in names))


def check_kinds(spec: Json, dedicated: int, spot: int) -> None:
    """The sentence is the service's (github.com/Azure/aztk/issues/172); its code is not on record."""
    if spec["enableInterNodeCommunication"] and dedicated and spot:
        both = "both TargetDedicatedNodes and TargetLowPriorityNodes"
        raise bad_value(
            "targetLowPriorityNodes", spot, f"Pool cannot have {both} specified if communication is enabled."
        )


def check_slots(slots: int, spec: Json) -> None:
    """taskSlotsPerNode goes up to four times the cores, at most 256."""
    most = min(4 * cores_of(spec), 256)
    if slots > most:
        raise bad_value("taskSlotsPerNode", slots, f"a node of the size {spec['vmSize']} has at most {most} slots")


def check_formula(text: str) -> None:
    """Raises the refusal for a text that is no formula."""
    if len(text) > MOST_OF_A_FORMULA:
        raise Refusal("AutoScaleFormulaTooLong")
    try:
        parse_formula(text)
    except FormulaError as error:
        raise Refusal("AutoScalingFormulaSyntaxError", (("Reason", str(error)),)) from None
