"""Settings of Snakemake's executor for Azure Batch, in a profile, as 0.3.0 reads them."""

from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from batchctl.importing.asked import Asked, Kind
from batchctl.importing.found import Document, Found
from batchctl.importing.images import image_of_today
from batchctl.importing.report import Line, Row, Verdict
from batchctl.importing.signed import plain_url
from batchctl.importing.templates import UnsayableError, literal

EXECUTOR, PREFIX = "azure-batch", "azure-batch-"
SCRIPT = "start_task.sh"
OF_RULES = "a matter of Snakemake and its rules, which make the tasks"

PLAIN = {
    "pool-vm-size": ("vmSize", "Standard_D2_v3"),
    "node-fill-type": ("taskSchedulingPolicy.nodeFillType", "spread"),
    "pool-subnet-id": ("networkConfiguration.subnetId", ""),
}
"""Settings that are texts: where a spec has each, and what the plugin takes without it."""

IMAGE = {
    "pool-image-publisher": "microsoft-azure-batch",
    "pool-image-offer": "ubuntu-server-container",
    "pool-image-sku": "20-04-lts",
}

DROPPED = {
    "node-communication-mode": "the plugin takes Classic whatever it says, and Batch has it no more",
    "managed-identity-client-id": "nodes have the identity by its resource id",
}

FIELDS = (
    Row("azure-batch-account-url", Verdict.CARRIED, "account.batch"),
    Row("azure-batch-subscription-id", Verdict.CARRIED, "account.resourceId", "with the group and the url"),
    Row("azure-batch-resource-group-name", Verdict.CARRIED, "account.resourceId"),
    Row("azure-batch-pool-vm-size", Verdict.CARRIED, "pool.vmSize", "Standard_D2_v3 without it"),
    Row("azure-batch-pool-node-count", Verdict.CARRIED, "pool.targetDedicatedNodes", "1 without it"),
    Row(
        "azure-batch-autoscale",
        Verdict.CHANGED,
        "pool.targetDedicatedNodes",
        "0: the plugin asks for no node and sends no formula, so that nothing runs",
    ),
    Row("azure-batch-tasks-per-node", Verdict.CARRIED, "pool.taskSlotsPerNode", "1 without it"),
    Row("azure-batch-node-fill-type", Verdict.CARRIED, "pool.taskSchedulingPolicy.nodeFillType"),
    Row("azure-batch-pool-image-*", Verdict.CARRIED, "pool.image", "one that Batch takes no more is replaced"),
    Row("azure-batch-pool-vm-node-agent-sku-id", Verdict.CARRIED, "pool.nodeAgentSKUId", "of an image that stays"),
    Row("azure-batch-pool-subnet-id", Verdict.CARRIED, "pool.networkConfiguration.subnetId"),
    Row("azure-batch-managed-identity-resource-id", Verdict.CARRIED, "pool.identity"),
    Row("azure-batch-managed-identity-client-id", Verdict.DROPPED, "", DROPPED["managed-identity-client-id"]),
    Row(
        "azure-batch-container-registry-url",
        Verdict.CARRIED,
        "pool.containerConfiguration.containerRegistries",
        "with user and password, else with the identity",
    ),
    Row("azure-batch-container-registry-pass", Verdict.CHANGED, "", "`${env:REGISTRY_PASSWORD}`"),
    Row(
        "azure-batch-node-start-task-url",
        Verdict.CARRIED,
        "pool.startTask",
        f"`bash {SCRIPT}`, as an administrator; a signature is not copied",
    ),
    Row("azure-batch-keep-pool", Verdict.CARRIED, "pool.afterRun", "`delete` without it"),
    Row("azure-batch-node-communication-mode", Verdict.DROPPED, "", DROPPED["node-communication-mode"]),
    Row("container-image", Verdict.CARRIED, "pool.containerConfiguration.containerImageNames"),
    Row("any other", Verdict.DROPPED, "", OF_RULES),
)


def knows(found: Found) -> bool:
    if not found.is_mapping:
        return False
    executor = found.get("executor") if "executor" in found.names() else None
    named = executor is not None and executor.node.kind == "scalar" and executor.text() == EXECUTOR
    return named or any(_plain(name).startswith(PREFIX) for name in found.names())


def document(files: Sequence[Found], _asked: Asked) -> Document:
    """Raises SpecError."""
    settings = {name: value for file in files for name, value in _settings(file)}
    said: Document = {"version": 1, "name": "snakemake"}
    if account := _account(settings):
        said["account"] = account
    said["pool"] = _pool(settings, files[0])
    for file in files:
        for name, value in file.entries():
            if not _plain(name).startswith(PREFIX) and not value.says_something() and not value.is_nothing:
                value.dropped(OF_RULES)
    return said


def _settings(file: Found) -> Iterator[tuple[str, Found]]:
    """Those of the executor without their prefix, and the image; an underscore is a hyphen, as on a command line."""
    for name, value in file.entries():
        if not value.is_nothing and (_plain(name).startswith(PREFIX) or _plain(name) == "container-image"):
            yield _plain(name).removeprefix(PREFIX), value


def _plain(name: str) -> str:
    return name.replace("_", "-")


def _account(settings: dict[str, Found]) -> Document:
    said: Document = {}
    address = settings.get("account-url")
    if address is not None:
        said["batch"] = address.carried("account.batch").text().rstrip("/")
    subscription, group = settings.get("subscription-id"), settings.get("resource-group-name")
    if address is not None and subscription is not None and group is not None:
        name = urlsplit(address.text()).netloc.split(".")[0]
        above = f"/subscriptions/{subscription.text()}/resourceGroups/{group.text()}"
        said["resourceId"] = f"{above}/providers/Microsoft.Batch/batchAccounts/{name}"
    for part in filter(None, (subscription, group)):
        if "resourceId" in said:
            part.carried("account.resourceId")
        else:
            part.dropped("account.resourceId wants the account's url, the subscription and the group")
    return said


def _pool(settings: dict[str, Found], file: Found) -> Document:
    said: Document = {"id": "snakepool"}
    file.report.lines.append(
        Line(file.source.file, 1, 1, "pool", Verdict.CHANGED, "pool.id", "there each run has one, snakepool-TIME")
    )
    for name, (to, otherwise) in PLAIN.items():
        found = settings.get(name)
        text = _text(found.carried(f"pool.{to}")) if found is not None else otherwise
        above = said
        *names, last = to.split(".")
        if text and text != "spread":
            for part in names:
                above = above.setdefault(part, {})
            above[last] = text
    _image(said, settings, file)
    if nodes := _nodes(settings):
        said["targetDedicatedNodes"] = nodes
    if (slots := settings.get("tasks-per-node")) is not None:
        said["taskSlotsPerNode"] = slots.carried("pool.taskSlotsPerNode").whole()
    keep = settings.get("keep-pool")
    said["afterRun"] = "keep" if keep is not None and keep.carried("pool.afterRun").truth() else "delete"
    identity = settings.get("managed-identity-resource-id")
    if identity is not None:
        one = {"resourceId": _text(identity.carried("pool.identity"))}
        said["identity"] = {"type": "UserAssigned", "userAssignedIdentities": [one]}
    said["containerConfiguration"] = _containers(settings, identity)
    if (script := settings.get("node-start-task-url")) is not None:
        said["startTask"] = {
            "commandLine": f"bash {SCRIPT}",
            "elevationLevel": "admin",
            "resourceFiles": [{"httpUrl": plain_url(script, "pool.startTask", "SAS"), "filePath": SCRIPT}],
        }
    for name, why in DROPPED.items():
        if (found := settings.get(name)) is not None:
            found.dropped(why)
    return said


def _nodes(settings: dict[str, Found]) -> int:
    count, scaled = settings.get("pool-node-count"), settings.get("autoscale")
    if scaled is not None and scaled.truth():
        scaled.changed(
            "pool.targetDedicatedNodes",
            "0: the plugin asks for no node and sends no formula; say scale: {max: N} for what it promises",
        )
        if count is not None:
            count.dropped("with autoscale the plugin sets it to 0")
        return 0
    if scaled is not None:
        scaled.carried("pool.targetDedicatedNodes")
    return count.carried("pool.targetDedicatedNodes").whole() if count is not None else 1


def _image(said: Document, settings: dict[str, Found], file: Found) -> None:
    words = {name: found.text() if (found := settings.get(name)) else usual for name, usual in IMAGE.items()}
    image, why = image_of_today(*words.values(), containers=True)
    said["image"] = image
    agent = settings.get("pool-vm-node-agent-sku-id")
    for found in filter(None, (*map(settings.get, IMAGE), agent)):
        if why:
            found.changed("pool.image", f"{image['publisher']}/{image['offer']}/{image['sku']}: {why}")
        else:
            found.carried("pool.nodeAgentSKUId" if found is agent else "pool.image")
    if agent is not None and not why:
        said["nodeAgentSKUId"] = _text(agent)
    if why and not any(name in settings for name in IMAGE):
        file.report.lines.append(Line(file.source.file, 1, 1, "image", Verdict.CHANGED, "pool.image", why))


def _containers(settings: dict[str, Found], identity: Found | None) -> Document:
    to = "pool.containerConfiguration"
    said: Document = {}
    if (image := settings.get("container-image")) is not None:
        said["containerImageNames"] = [_text(image.carried(f"{to}.containerImageNames"))]
    url, user, password = (settings.get(f"container-registry-{name}") for name in ("url", "user", "pass"))
    if url is None:
        for found in filter(None, (user, password)):
            found.dropped("without container-registry-url the plugin does not use it")
        return said
    registry: Document = {"registryServer": _text(url.carried(f"{to}.containerRegistries"))}
    if user is not None and password is not None:
        password.changed(
            f"{to}.containerRegistries", "a secret is not copied: set REGISTRY_PASSWORD in the environment"
        )
        registry |= {"username": _text(user.carried(f"{to}.containerRegistries"))}
        registry |= {"password": "${env:REGISTRY_PASSWORD}"}
    elif identity is not None:
        registry["identityReference"] = {"resourceId": _text(identity)}
        for found in filter(None, (user, password)):
            found.dropped("without both user and password the plugin takes the identity")
    else:
        url.wrong("the plugin asks for container-registry-user and -pass, or a managed identity")
    return {**said, "containerRegistries": [registry]}


def _text(found: Found) -> str:
    try:
        return literal(found.text())
    except UnsayableError:
        found.wrong("no text of a spec stands for this one")


SNAKEMAKE = Kind(name="snakemake", title="Snakemake", knows=knows, document=document, fields=FIELDS)
