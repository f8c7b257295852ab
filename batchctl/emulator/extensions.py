"""Extensions of nodes: Batch's own and those that the pool asks for, all of them installed on paper."""

from batchctl.emulator import nodes, times
from batchctl.emulator.faults import Fault
from batchctl.emulator.pools import find as find_pool
from batchctl.emulator.records import Json, Node, Pool
from batchctl.emulator.service import Service
from batchctl.emulator.wire import Answer, Call, entries

_OWN = {
    "name": "BatchNodeExtension",
    "publisher": "Microsoft.Azure.Batch",
    "type": "BatchNodeExtension",
    "typeHandlerVersion": "1.0",
    "autoUpgradeMinorVersion": True,
}


def list_all(service: Service, call: Call) -> Answer:
    found = _extensions(find_pool(service, call), nodes.find(service, call))
    return entries(call, "nodeextensions", found, frozenset())


def get(service: Service, call: Call) -> Answer:
    name = call.params["extension"].lower()
    for extension in _extensions(find_pool(service, call), nodes.find(service, call)):
        if extension["vmExtension"]["name"].lower() == name:
            return Answer(200, {"odata.metadata": f"{call.base}/$metadata#nodeextensions/@Element", **extension})
    raise Fault("ExtensionNotFound")


def _extensions(pool: Pool, node: Node) -> list[Json]:
    asked = pool.spec.get("virtualMachineConfiguration", {}).get("extensions", ())
    return [_installed(extension, node) for extension in (_OWN, *asked)]


def _installed(extension: Json, node: Node) -> Json:
    shown = {name: value for name, value in extension.items() if name != "protectedSettings"}
    status = {
        "code": "ProvisioningState/succeeded/0",
        "level": "Info",
        "displayStatus": "Provisioning succeeded",
        "time": times.stamp(node.booted or node.created),
    }
    view = {"name": extension["name"], "statuses": [status]}
    return {"provisioningState": "Succeeded", "vmExtension": shown, "instanceView": view}
