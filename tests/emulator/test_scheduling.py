"""Which task goes where, and when: slots, packing, affinity, priorities, what never fits, what gives way."""

import pytest
from azure.batch import models

from .conftest import completed, new_job, pool_options, ready_pool
from .stand import until
from .test_jobs import task


def places(client, job: str) -> dict[str, str]:
    """Task and node, of those that have one."""
    return {one.id: one.node_info.node_id for one in client.list_tasks(job) if one.node_info}


def running_tasks(client, job: str) -> set[str]:
    return {one.id for one in client.list_tasks(job) if one.state == "running"}


@pytest.mark.parametrize(("fill", "nodes_used"), [("spread", 2), ("pack", 1)])
def test_packing_and_spreading(client, name, fill, nodes_used):
    policy = models.BatchTaskSchedulingPolicy(node_fill_type=fill)
    ready_pool(client, name, nodes=2, task_slots_per_node=4, task_scheduling_policy=policy)
    job = new_job(client, name, name)
    for number in range(4):
        client.create_task(job, task(f"t{number}", "sleep 1000"))
    until(lambda: len(running_tasks(client, job)) == 4, "the start of all")
    assert len(set(places(client, job).values())) == nodes_used


def test_affinity_is_a_wish(client, name):
    ready_pool(client, name, nodes=2, task_slots_per_node=1)
    wanted = list(client.list_nodes(name))[1]
    job = new_job(client, name, name)
    affinity = models.BatchAffinityInfo(affinity_id=wanted.affinity_id)
    client.create_task(job, task("first", "sleep 1000", affinity_info=affinity))
    until(lambda: "first" in running_tasks(client, job), "the start")
    client.create_task(job, task("second", "sleep 1000", affinity_info=affinity))
    until(lambda: "second" in running_tasks(client, job), "the second start")
    found = places(client, job)
    assert found["first"] == wanted.id != found["second"]


def test_a_task_that_never_fits_does_not_hold_up_the_others(client, name):
    ready_pool(client, name, task_slots_per_node=2)
    job = new_job(client, name, name)
    client.create_task(job, task("wide", required_slots=3))
    client.create_task(job, task("narrow"))
    completed(client, job, "narrow")
    assert client.get_task(job, "wide").state == "active"
    client.begin_resize_pool(
        name, models.BatchPoolResizeOptions(target_dedicated_nodes=0), polling_interval=0.01
    ).result()
    client.update_pool(name, models.BatchPoolUpdateOptions(task_slots_per_node=4))
    client.begin_resize_pool(
        name, models.BatchPoolResizeOptions(target_dedicated_nodes=1), polling_interval=0.01
    ).result()
    assert completed(client, job, "wide").execution_info.exit_code == 0


def test_a_job_that_moves_to_a_pool_where_its_task_fits(client, name):
    ready_pool(client, f"{name}-small")
    ready_pool(client, f"{name}-large", task_slots_per_node=3)
    job = new_job(client, name, f"{name}-small")
    client.create_task(job, task("wide", required_slots=3))
    client.create_task(job, task("narrow"))
    completed(client, job, "narrow")
    client.begin_disable_job(job, models.BatchJobDisableOptions(disable_tasks="wait"), polling_interval=0.01).result()
    client.update_job(job, models.BatchJobUpdateOptions(pool_info=models.BatchPoolInfo(pool_id=f"{name}-large")))
    client.begin_enable_job(job, polling_interval=0.01).result()
    completed(client, job, "wide")


def test_tasks_that_allow_it_give_way_to_higher_priority(client, name):
    ready_pool(client, name, task_slots_per_node=4)
    low = new_job(client, f"{name}-low", name, priority=0, allow_task_preemption=True)
    same = new_job(client, f"{name}-same", name, priority=5, allow_task_preemption=True)
    firm = new_job(client, f"{name}-firm", name, priority=0)
    client.create_task(low, task("old", "sleep 1000"))
    until(lambda: running_tasks(client, low) == {"old"}, "the start")
    for job in (low, same, firm):
        client.create_task(job, task("t", "sleep 1000"))
        until(lambda job=job: "t" in running_tasks(client, job), "the start")
    high = new_job(client, f"{name}-high", name, priority=5)
    client.create_task(high, task("urgent", "sleep 1000"))
    until(lambda: running_tasks(client, high) == {"urgent"}, "the urgent start")
    assert (running_tasks(client, low), running_tasks(client, same), running_tasks(client, firm)) == (
        {"old"},
        {"t"},
        {"t"},
    )
    gone = client.get_task(low, "t")
    assert (gone.state, gone.execution_info.requeue_count) == ("active", 1)
    client.create_task(high, task("too-wide", required_slots=3))
    completed(client, new_job_done(client, name), "t")
    assert running_tasks(client, low) == {"old"}


@pytest.mark.parametrize("exclusive", [True, False])
def test_a_job_manager_has_its_node_for_itself_if_it_says_so(client, name, exclusive):
    ready_pool(client, name, task_slots_per_node=3)
    manager = models.BatchJobManagerTask(id="manager", command_line="sleep 1000", run_exclusive=exclusive)
    job = new_job(client, name, name, job_manager_task=manager)
    until(lambda: "manager" in running_tasks(client, job), "the start")
    client.create_task(job, task("t", "sleep 1000"))
    if exclusive:
        completed(client, new_job_done(client, name), "t")
        assert running_tasks(client, job) == {"manager"}
        client.terminate_task(job, "manager")
    else:
        until(lambda: running_tasks(client, job) == {"manager", "t"}, "both")


def test_a_job_manager_that_wants_a_dedicated_node(client, name):
    ready_pool(client, name, nodes=1, target_low_priority_nodes=0)
    spot = ready_pool_of_spot(client, f"{name}-spot")
    manager = models.BatchJobManagerTask(id="manager", command_line="true", allow_low_priority_node=False)
    job = new_job(client, name, spot, job_manager_task=manager)
    completed(client, new_job_done(client, name), "t")
    assert client.get_task(job, "manager").state == "active"
    other = new_job(client, f"{name}-dedicated", name, job_manager_task=manager)
    completed(client, other, "manager")


def ready_pool_of_spot(client, name: str) -> str:
    client.create_pool(pool_options(name, target_low_priority_nodes=1))
    until(lambda: [node.state for node in client.list_nodes(name)] == ["idle"], "an idle pool")
    return name


def new_job_done(client, name: str) -> str:
    """A task that ran elsewhere, so that the service has settled what came before."""
    ready_pool(client, f"{name}-elsewhere")
    job = new_job(client, f"{name}-other", f"{name}-elsewhere")
    client.create_task(job, task("t"))
    return job
