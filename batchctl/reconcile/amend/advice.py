"""What Batch takes and seldom does what was meant: told beside a plan, of what it makes or changes. Pure."""

import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from batchctl.reconcile.amend.auto_pools import as_of_pool, wanted_pools
from batchctl.reconcile.amend.idle_pools import has_work
from batchctl.reconcile.decide.canary import flocks
from batchctl.reconcile.decide.preemptions import preemptions_line
from batchctl.reconcile.decide.sizes import choice_line
from batchctl.reconcile.plan import Action, Change, Plan
from batchctl.reconcile.port import Situation
from batchctl.resources import Job, Pool, Schedule, Task, label_of
from batchctl.rest import camel
from batchctl.retirements import end_of_size
from batchctl.words import plural, some
from batchctl.work import INSTALLS, Work, is_no_administrator, unexpanded_names


def with_advice(plan: Plan, situation: Situation) -> Plan:
    """The plan with a note for each piece of ADVICE that it needs."""
    return replace(plan, notes=(*plan.notes, *(note for give in ADVICE for note in give(plan, situation))))


def no_shell_expands(plan: Plan, situation: Situation) -> Iterator[str]:
    """Learn, "Environment expansion of command lines": the service runs no shell."""
    common = {name for r in situation.desired.of(Job) for name, _ in r.environment}
    found: dict[str, list[str]] = {}
    for change in plan.of(Task, Action.CREATE):
        task = change.after
        if isinstance(task, Task):
            for name in unexpanded_names(task.command_line, common | {name for name, _ in task.environment}):
                found.setdefault(name, []).append(task.id)
    for name, ids in found.items():
        others = f" and of {plural(len(ids) - 1, 'other task')}" if len(ids) > 1 else ""
        yield f"no shell reads the command of {ids[0]!r}{others}: ${name} stays as it is; 'commands' have a shell"


def packages_need_an_administrator(plan: Plan, _situation: Situation) -> Iterator[str]:
    """Learn, "Run tasks under user accounts": a task is no administrator unless it asks to be."""
    pools = _changed_pools(plan)
    jobs = [c.after for c in plan.of(Job, Action.CREATE)]
    asked: list[tuple[str, Work | None]] = [("startTask", p.start_task) for p in pools]
    asked += [("jobPreparationTask", j.job_preparation_task) for j in jobs if isinstance(j, Job)]
    for name, work in asked:
        found = re.search(INSTALLS, work.command_line) if work else None
        if work and found and is_no_administrator(work, work.command_line):
            yield f"{name} runs {found[1]}, which an administrator alone may: give it 'elevationLevel: admin'"


def spot_nodes_that_talk(plan: Plan, _situation: Situation) -> Iterator[str]:
    """Learn, "Use Spot VMs with Batch workloads": one node that is taken away can make a whole MPI task run again."""
    for pool in _changed_pools(plan):
        if pool.enable_inter_node_communication and pool.target_spot_nodes:
            yield f"pool {pool.name!r}: when one of its spot nodes is taken away, a task on several nodes runs anew"


def _changed_pools(plan: Plan) -> list[Pool]:
    """Those that are made or changed, the ones that are made for a job included."""
    made = (Action.CREATE, Action.UPDATE, Action.REPLACE)
    changes = map(as_of_pool, (*plan.of(Pool, *made), *plan.of(Job, *made)))
    return [c.after for c in changes if isinstance(c.after, Pool)]


def first_tasks_first(plan: Plan, situation: Situation) -> Iterator[str]:
    """What `canary` does to the order of tasks, factory by factory."""
    for flock in flocks(plan, situation.desired.canary).values():
        if flock.others:
            first, others = (len(part) for part in (flock.first, flock.others))
            ids = some([label_of(change.resource) for change in flock.first])
            they = "it" if first == 1 else "they"
            yield f"{plural(first, 'task')} first ({ids}), {others} more when {they} succeeded"


def sizes_that_go(_plan: Plan, situation: Situation) -> Iterator[str]:
    """Pools whose VM size Azure takes away, or has taken; of images the account itself tells."""
    for pool in wanted_pools(situation.desired.resources):
        if found := end_of_size(pool.vm_size, situation.now.date()):
            yield f"pool {pool.name!r}: {found.says(situation.now.date())}"


def what_becomes_of_spot_nodes(plan: Plan, situation: Situation) -> Iterator[str]:
    """Of a pool that has dedicated nodes in their place, as long as it has them."""
    held = {r.name.lower(): r for r in situation.held_of(Pool)}
    matters = has_work(plan, situation) or plan.of(Pool, Action.CREATE, Action.UPDATE, Action.REPLACE)
    for pool in situation.desired.of(Pool):
        found = held.get(pool.name.lower())
        if (matters or (found and found.switched)) and (line := preemptions_line(pool, found)):
            yield line


def doubts_of_the_text(plan: Plan, situation: Situation) -> Iterator[str]:
    """What the spec's text alone tells, while any of it is new."""
    if plan.about(Pool, Job, Task, Schedule):
        yield from situation.desired.doubts


def sizes_that_are_tried(plan: Plan, situation: Situation) -> Iterator[str]:
    """Which VM size a pool takes where its spec leaves a choice, as long as that matters."""
    if not (has_work(plan, situation) or plan.of(Pool, Action.CREATE, Action.UPDATE, Action.REPLACE)):
        return
    changed = {c.resource.name.lower(): c.after for c in plan.about(Pool) if isinstance(c.after, Pool)}
    held = {(r.name.lower(), r.vm_size.lower()) for r in situation.held_of(Pool)}
    pools = [changed.get(pool.name.lower(), pool) for pool in situation.desired.of(Pool)]
    lines = [choice_line(pool, there=(pool.name.lower(), pool.vm_size.lower()) in held) for pool in pools]
    made = ((job, job.auto_pool) for job in situation.desired.of(Job))
    lines += [choice_line(auto.pool, of_job=job.name) for job, auto in made if auto]
    yield from filter(None, lines)


def what_stays_on_paper(plan: Plan, situation: Situation) -> Iterator[str]:
    """What this account takes and does nothing about; of the tasks of a factory, one tells it for all."""
    seen: set[str] = set()
    told: list[str] = []
    for change in plan.about(Pool, Job, Task):
        task = change.after if isinstance(change.after, Task) else None
        if change.after is None or (task and task.factory in seen):
            continue
        seen |= {task.factory} if task else set()
        # The pool that a job makes is one of them.
        for seen_as in dict.fromkeys((change.after, as_of_pool(change).resource)):
            names = [name for name in situation.account.on_paper(seen_as) if _is_new(name, change)]
            told += [f"{', '.join(names)} of {seen_as.kind} {label_of(seen_as)!r}"] if names else []
    if told:
        yield f"on paper here, without effect: {some(told)}"


def _is_new(name: str, change: Change) -> bool:
    """Is it made, or does it change?"""
    changed = {camel(field.name).partition(".")[0] for field in change.fields}
    return change.action is not Action.UPDATE or name.partition(".")[0] in changed


def mounts_that_nothing_opens(plan: Plan, _situation: Situation) -> Iterator[str]:
    """REST, AzureBlobFileSystemConfiguration: exactly one of accountKey, sasKey and identityReference."""
    for change in plan.of(Pool, Action.CREATE, Action.UPDATE, Action.REPLACE):
        for mount in change.after.mount_configuration if isinstance(change.after, Pool) else ():
            blobs = mount.azure_blob_file_system_configuration
            if blobs and not (blobs.account_key or blobs.sas_key or blobs.identity_reference):
                name = f"{blobs.account_name}/{blobs.container_name}"
                ways = "'accountKey', 'sasKey' or 'identityReference', or the spec an 'identity'"
                yield f"nothing opens the container {name} that the nodes mount: give it {ways}"


def identities_that_nodes_lack(plan: Plan, situation: Situation) -> Iterator[str]:
    """Learn, "Configure managed identities in Batch pools": a node has those of its pool, and no others."""
    first = {r.factory: r for r in situation.desired.of(Task)}
    jobs = situation.desired.of(Job)
    named = {name for work in (*first.values(), *jobs) for name in _identities(work)}
    for change in plan.of(Pool, Action.CREATE, Action.REPLACE):
        pool = change.after
        if not isinstance(pool, Pool):
            continue
        there = pool.identity.user_assigned_identities if pool.identity else ()
        has = {one.resource_id.lower() for one in there}
        if lacks := sorted(name for name in {*named, *_identities(pool)} if name.lower() not in has):
            names = some([name.rpartition("/")[2] for name in lacks])
            yield f"pool {pool.name!r} does not have every identity that opens something ({names}): see 'pool.identity'"


def _identities(value: Any) -> Iterator[str]:
    """Every identity that something names, however deep."""
    if isinstance(value, tuple):
        yield from (name for one in value for name in _identities(one))
    elif is_dataclass(value):
        reference = getattr(value, "identity_reference", None)
        yield from (reference.resource_id,) if reference else ()
        yield from (name for entry in fields(value) for name in _identities(getattr(value, entry.name)))


ADVICE: tuple[Callable[[Plan, Situation], Iterator[str]], ...] = (
    no_shell_expands,
    packages_need_an_administrator,
    spot_nodes_that_talk,
    first_tasks_first,
    sizes_that_go,
    doubts_of_the_text,
    sizes_that_are_tried,
    what_becomes_of_spot_nodes,
    what_stays_on_paper,
    mounts_that_nothing_opens,
    identities_that_nodes_lack,
)
