"""What a task of Batch Shipyard says beside its command and its factory."""

from typing import Any

from batchctl.importing.found import Document, Found
from batchctl.importing.settings import environment_settings
from batchctl.importing.shipyard.around import TO, Around
from batchctl.importing.shipyard.containers import container_of
from batchctl.importing.shipyard.data import output_files, resource_files, task_files
from batchctl.importing.shipyard.times import iso
from batchctl.importing.templates import joined


def settings_of(task: Found, around: Around) -> Document:
    said: Document = {}
    if (container := container_of(task, around)) is not None:
        said["containerSettings"] = container
    files = _files(task, around)
    if files:
        said["resourceFiles"] = files
    if (data := task.get("output_data", "azure_storage")) is not None:
        said["outputFiles"] = output_files(data, around.storage, native=around.nodes.native)
    if (variables := task.get("environment_variables")) is not None:
        said["environmentSettings"] = environment_settings(variables, f"{TO}.environmentSettings")
    if limits := constraints(task, f"{TO}.constraints"):
        said["constraints"] = limits
    if (conditions := exit_conditions(task, f"{TO}.exitConditions.default")) is not None:
        said["exitConditions"] = conditions
    if (several := task.get("multi_instance")) is not None:
        said |= _several_nodes(several, around)
    return said


LIMITS = {"max_wall_time": "maxWallClockTime", "retention_time": "retentionTime"}


def constraints(found: Found, to: str) -> Document:
    """Those of a task."""
    said: Document = {}
    for name, key in LIMITS.items():
        if (limit := found.get(name)) is not None:
            said[key] = iso(limit.carried(f"{to}.{key}"))
    if (tries := found.get("max_task_retries")) is not None:
        said["maxTaskRetryCount"] = tries.carried(f"{to}.maxTaskRetryCount").whole()
    return said


def exit_conditions(found: Found, to: str) -> Document | None:
    options = found.get("exit_conditions", "default", "exit_options")
    if options is None:
        return None
    said: Document = {}
    for name, key in (("job_action", "jobAction"), ("dependency_action", "dependencyAction")):
        if (action := options.get(name)) is not None:
            said[key] = action.carried(f"{to}.{key}").text().lower()
    return {"default": said} if said else None


def _files(task: Found, around: Around) -> list[Document]:
    to = f"{TO}.resourceFiles"
    plain, data = task.get("resource_files"), task.get("input_data", "azure_storage")
    files = resource_files(plain, to) if plain else []
    if data is None:
        return files
    if around.nodes.native:
        data.refused("the tool refuses input_data of tasks on native pools")
        return files
    return [*files, *task_files(data, around.storage, to)]


def _several_nodes(several: Found, around: Around) -> Document:
    if not around.nodes.native:
        several.refused(
            "the tool starts the containers of all nodes by itself: say it as mpi, or multiInstanceSettings"
        )
        return {}
    to = f"{TO}.multiInstanceSettings"
    if (mpi := several.get("mpi")) is not None:
        mpi.refused("say it as mpi: {nodes: …, processesPerNode: …}")
    if (before := several.get("pre_execution_command")) is not None:
        before.refused("put it before the command, in one shell")
    number = several.get("num_instances")
    said: Document = {"numberOfInstances": _instances(number, around) if number else 1}
    coordination = several.get("coordination_command")
    text = coordination.carried(f"{to}.coordinationCommandLine").text() if coordination else "/usr/sbin/sshd -p 23"
    said["coordinationCommandLine"] = joined([text])
    if (files := several.get("resource_files")) is not None:
        said["commonResourceFiles"] = resource_files(files, f"{to}.commonResourceFiles")
    return {"multiInstanceSettings": said}


COUNTED = {"dedicated": 0, "low_priority": 1}


def _instances(number: Found, around: Around) -> Any:
    text, to = number.text(), f"{TO}.multiInstanceSettings.numberOfInstances"
    for kind, place in COUNTED.items():
        if text == f"pool_specification_vm_count_{kind}":
            number.carried(to, "the pool's vm_count")
            return around.nodes.counts[place]
        if text == f"pool_current_{kind}":
            number.changed(to, "all nodes that the pool has")
            return "pool"
    number.carried(to)
    return number.whole()
