"""Extensions of nodes: Batch's own and those that the pool asks for, all of them installed on paper."""

from batchctl.emulator import times
from batchctl.emulator.api import nodes
from batchctl.emulator.api.pools import find_pool
from batchctl.emulator.life.service import Service
from batchctl.emulator.records import Json, Node, Pool
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.messages import Answer, Call, list_entries
from batchctl.emulator.wire.views import hide_secrets

_OWN = {
    "name": "batchNodeExtension",
    "publisher": "Microsoft.Azure.Extensions",
    "type": "CustomScript",
    "typeHandlerVersion": "2.0",
    "autoUpgradeMinorVersion": True,
}


def list_extensions(service: Service, call: Call) -> Answer:
    found = _extensions_of(find_pool(service, call), nodes.find_node(service, call))
    return list_entries(call, "extensions", found, frozenset())


def get_extension(service: Service, call: Call) -> Answer:
    name = call.params["extension"].lower()
    for extension in _extensions_of(find_pool(service, call), nodes.find_node(service, call)):
        if extension["vmExtension"]["name"].lower() == name:
            return Answer(200, {"odata.metadata": f"{call.base}/$metadata#extensions/@Element", **extension})
    raise Refusal("ExtensionNotFound")


def _extensions_of(pool: Pool, node: Node) -> list[Json]:
    asked = pool.spec.get("virtualMachineConfiguration", {}).get("extensions", ())
    return [_extension_entry(extension, node) for extension in (*asked, _OWN)]


def _extension_entry(extension: Json, node: Node) -> Json:
    shown = {"enableAutomaticUpgrade": False, **hide_secrets(extension)}
    if node.booted is None:
        return {"provisioningState": "Creating", "vmExtension": shown, "instanceView": {}}
    status = {
        "code": "ProvisioningState/succeeded",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "message": "Installed on paper: nothing runs here",
        "time": times.stamp(node.booted),
    }
    view = {"name": extension["name"], "statuses": [status]}
    return {"provisioningState": "Succeeded", "vmExtension": shown, "instanceView": view}
