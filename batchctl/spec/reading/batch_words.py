"""Keys that the language does not have and Azure Batch does: what is said of them."""

from collections.abc import Mapping

from batchctl.spec.reading.batch_names import BATCH_NAMES
from batchctl.spec.reading.schema import homes_of_keys
from batchctl.spec.source import At, same_word

NOT_YET = "Azure Batch has this, batchctl does not yet"

WRITTEN: Mapping[str, str] = {
    "targetLowPriorityNodes": "write 'targetSpotNodes'",
    "virtualMachineConfiguration": "write what it holds in the pool itself, such as 'image' and 'dataDisks'",
    "imageReference": "write 'image'",
    "enableAutoScale": "an 'autoScaleFormula' says it",
    "usesTaskDependencies": "batchctl says it where a task has 'dependsOn'",
    "destination": "write 'container', a name of storage.containers, or 'containerUrl', and 'path'",
    "poolInfo": "write 'pool' at the top level: 'pool: {id: ID, external: true}' for one that is there already",
    "autoPoolSpecification": "write what it holds in 'pool' at the top level, with 'lifetime: job'",
    "poolLifetimeOption": "write 'lifetime: job'",
    "uploadOptions": "write 'uploadCondition' beside 'filePattern'",
    "taskIds": "write 'dependsOn: [{task: ID}]'",
    "taskIdRanges": "write 'dependsOn: [{factory: NAME}]'",
}
"""What the language says in another way: REST's word, and what to write."""

GONE: Mapping[str, str] = {
    "cloudServiceConfiguration": "Azure Batch has no pools of Cloud Services any more: write 'image'",
    "certificateReferences": "Azure Batch has no certificates any more: an extension of Key Vault brings them to nodes",
}
"""What Azure Batch had."""

ELSEWHERE: Mapping[str, str] = {
    **dict.fromkeys(("env", "environment"), "write 'environmentSettings: [{name: A, value: b}]'"),
    **dict.fromkeys(
        ("run", "script", "cmd", "args"), "write 'commands', which have a shell, or 'command', a list of words"
    ),
    "image": "write 'containerSettings: {imageName: …}' for a container",
    "inputs": "write 'resourceFiles'",
    "outputs": "write 'outputFiles'",
    "needs": "write 'dependsOn'; what a node needs stands in pool",
    "matrix": "write 'forEach: {product: …}'",
    "retries": "write 'constraints: {maxTaskRetryCount: …}'",
    "timeout": "write 'constraints: {maxWallClockTime: …}'",
}
"""What runners of tasks elsewhere call it."""
TASKS = ("startTask", "jobPreparationTask", "jobReleaseTask", "jobManagerTask")

CALLED: Mapping[str, Mapping[str, str]] = {
    "pool": {"existing": "write 'external: true'"},
}
"""Words for what Batch has under another name: a pool that is there already (poolInfo), one that lives as long as its
job (autoPoolSpecification)."""


def about_batch(at: At, key: str) -> str | None:
    """What to do about a key in the mapping at `at`; None where the language has a better word for it."""
    if at[-1:] == ("forEach",) and key == "items":
        return "items that are written out, or given as a variable, are a 'list'"
    if key in GONE:
        return GONE[key]
    is_task = (at[:2] == ("job", "tasks") and len(at) == 3) or at[-1:] in {(name,) for name in TASKS}
    if is_task and (said := ELSEWHERE.get(key)):
        return said
    if said := CALLED.get(".".join(map(str, at)), {}).get(key):
        return said
    name = same_word(key, BATCH_NAMES)
    if name is None:
        return None
    if name in WRITTEN:
        return WRITTEN[name]
    homes, own = homes_of_keys().get(name, ()), _object_at(at)
    raw = [home for home in homes if f"{home}.".startswith(f"{own}.raw.")]
    if not raw:
        return None if homes else NOT_YET
    if any(home.startswith(own) and not home.startswith(f"{own}.raw") for home in homes):
        return None
    return f"{NOT_YET}; in REST's words it is taken as {raw[0]}.{name}"


def _object_at(at: At) -> str:
    """The pool, job or task that a place is in."""
    return "job.tasks[]" if at[:2] == ("job", "tasks") else str(at[0]) if at else ""
