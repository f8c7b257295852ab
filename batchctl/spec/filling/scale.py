"""The autoscale formula of a pool that scales with its tasks. Pure.

Learn, "Create a formula to automatically scale compute nodes in a Batch pool": pending tasks are those that run or
wait for room; of samples there may be too few, which is asked before they are read; `taskcompletion` cuts off no task.
"""

from datetime import timedelta

from batchctl.configurations import Scale

EVERY = timedelta(minutes=5)
"""Between two evaluations: the shortest that Batch takes."""

FORMULA = """\
// written by batchctl: {min} to {max} {kind} nodes, {tasks} on each; one that nothing needs goes after {idle:g} min
window = {idle:g} * TimeInterval_Minute;
latest = 3 * TimeInterval_Minute;
known = $PendingTasks.GetSamplePercent(window) >= {enough};
seen = $PendingTasks.GetSamplePercent(latest) > 0;
tasks = known ? max($PendingTasks.GetSample(window)) : seen ? max($PendingTasks.GetSample(latest)) : 0;
nodes = ceil(tasks / {per_node});
{target} = min({max}, max({min}, known ? nodes : max({target}, nodes)));
{other} = 0;
$NodeDeallocationOption = taskcompletion;
"""

ENOUGH = 50
"""Percent of the samples of the window; with fewer, as just after the pool was made, no node is taken away."""

TARGETS = {False: "$TargetDedicatedNodes", True: "$TargetLowPriorityNodes"}


def scaling_formula(scale: Scale, per_node: int) -> str:
    """`per_node`: how many tasks a node runs at once."""
    return FORMULA.format(
        min=scale.min,
        max=scale.max,
        kind="spot" if scale.spot else "dedicated",
        tasks="1 task" if per_node == 1 else f"{per_node} tasks",
        idle=scale.idle.total_seconds() / 60,
        enough=ENOUGH,
        per_node=per_node,
        target=TARGETS[scale.spot],
        other=TARGETS[not scale.spot],
    )


def tasks_of_a_node(slots: int, required: int, *, meeting: bool) -> int:
    """How many of the greatest tasks a node takes; `meeting`: each of their instances has a node of its own."""
    return 1 if meeting else max(1, slots // max(1, required))
