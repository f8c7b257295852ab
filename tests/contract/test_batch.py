"""Pools, jobs and tasks."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from batchctl.cloud_answers import Counts
from batchctl.configurations import (
    ContainerConfiguration,
    ContainerRegistry,
    ExitCodeMapping,
    ExitCodeRangeMapping,
    ExitConditions,
    ExitOptions,
    IdentityReference,
    NetworkConfiguration,
    PublicIPAddressConfiguration,
    TaskContainerSettings,
    TaskDependencies,
    TaskIdRange,
    TaskSchedulingPolicy,
)
from batchctl.errors import CloudError, Partial, Refused
from batchctl.reconcile.carry_out.follow import end_jobs, stalled
from batchctl.reconcile.plan import field_changes
from batchctl.resources import Container, Image, Job, Pool, Resource, Task
from batchctl.rules import Rule, field_differences
from batchctl.work import JobPreparationTask, JobReleaseTask, OutputFile, ResourceFile, StartTask
from tests.contract.conftest import World, container, done, refused
from tests.fake_cloud import FakeCloud
from tests.services import eventually

FILES = (
    ResourceFile(container="application"),
    ResourceFile(container="application", blob_prefix="bin/", file_path="tools"),
    ResourceFile(container="application", blob="a b/ü+%41.py", file_path="ü.py", file_mode="0755"),
    ResourceFile(http_url="https://example.com/a?b=c", file_path="a"),
)
PULLER = IdentityReference(resource_id="/subscriptions/x/puller")
CONTAINER = TaskContainerSettings(
    image_name="ubuntu:24.04",
    container_run_options="--rm",
    working_directory="containerImageDefault",
    registry=ContainerRegistry(registry_server="r.azurecr.io", identity_reference=PULLER),
)
START = StartTask(
    command_line="/bin/bash -c 'true'",
    resource_files=FILES,
    environment=(("A", "1"), ("B", "ü = 2")),
    wait_for_success=False,
    max_task_retry_count=2,
    elevation="admin",
    content="0123456789ab",
    container_settings=CONTAINER,
)
WHOLE_POOL: dict[str, Any] = {
    "image": Image(publisher="microsoft-dsvm", offer="ubuntu-hpc", sku="2404"),
    "container_configuration": ContainerConfiguration(
        container_image_names=("ubuntu:24.04", "alpine"),
        container_registries=(ContainerRegistry(registry_server="r.azurecr.io", identity_reference=PULLER),),
    ),
    "resize_timeout": timedelta(minutes=10),
    "task_scheduling_policy": TaskSchedulingPolicy(node_fill_type="pack"),
    "enable_inter_node_communication": True,
    "network_configuration": NetworkConfiguration(
        subnet_id="/subscriptions/x/subnets/One",
        public_ip_address_configuration=PublicIPAddressConfiguration(
            provision="usermanaged", ip_address_ids=("/b", "/a")
        ),
        enable_accelerated_networking=True,
    ),
    "metadata": (("team", "ü"), ("cost", "7")),
}
SCALED: dict[str, Any] = {
    "target_dedicated_nodes": None,
    "target_spot_nodes": None,
    "auto_scale_formula": "$TargetDedicatedNodes = 0;",
    "auto_scale_evaluation_interval": timedelta(minutes=5),
}
PLAIN_START = StartTask(command_line="/bin/bash -c 'true'")


# What is not there.


def test_nothing_is_found_where_nothing_is(world: World) -> None:
    job = world.job()
    assert world.held(job.name, world.name("pool")) == ()
    assert world.cloud.tasks(job) == ()
    assert not world.cloud.unfinished(job)
    assert world.cloud.standing(job).ended == "it was deleted"
    assert world.cloud.over(job)
    assert world.cloud.tail(world.task(), 5) == ()
    assert world.cloud.files(world.task()) == ()
    health = world.cloud.health(world.name("pool"))
    assert (health.steady, health.nodes, health.able) == (True, (), 0)
    assert health.state == "gone"


def test_a_job_that_is_not_there_cannot_be_counted(world: World) -> None:
    with pytest.raises(CloudError) as raised:
        world.cloud.counts(world.job())
    assert (raised.value.status, raised.value.code) == (404, "JobNotFound")


@pytest.mark.parametrize("wanted", [World.pool, World.job], ids=["pool", "job"])
def test_deleting_what_is_not_there_is_done(world: World, wanted: Callable[[World], Resource]) -> None:
    assert done(world.cloud.delete([wanted(world)], world.owner)) == [wanted(world).name]


@pytest.mark.parametrize("wanted", [World.pool, World.job], ids=["pool", "job"])
def test_what_is_not_there_cannot_change(world: World, wanted: Callable[[World], Resource]) -> None:
    found = wanted(world)
    error = refused(world.cloud.update([(found, found)], world.owner))
    assert isinstance(error, CloudError)
    assert error.status == 404


def test_the_images_that_batch_supports(world: World) -> None:
    images = world.cloud.images()
    wanted = [i for i in images if i.image == world.pool().image and i.verified]
    assert [i.node_agent_sku_id for i in wanted] == ["batch.node.ubuntu 24.04"]
    assert [i.os_type for i in wanted] == ["linux"]


# Marks, for pools and jobs alike.


@pytest.mark.parametrize("wanted", [World.pool, World.job], ids=["pool", "job"])
def test_what_we_made_bears_our_mark(world: World, wanted: Callable[[World], Pool | Job]) -> None:
    found = wanted(world)
    assert done(world.cloud.create([found], world.owner)) == [found.name]
    assert [(r.kind, r.name) for r in world.held()] == [(found.kind, found.name)]
    assert world.held(found.name.upper()) == world.held()
    [held] = world.held()
    assert not isinstance(held, Task)
    assert (held.owner, held.state) == (world.owner, "active")


@pytest.mark.parametrize("wanted", [World.pool, World.job], ids=["pool", "job"])
def test_what_others_made_is_seen_only_by_its_name_and_never_goes(
    world: World, wanted: Callable[[World], Pool | Job]
) -> None:
    theirs = wanted(world)
    world.made(theirs, owner=world.other)
    assert world.held() == ()
    [held] = world.held(theirs.name)
    assert not isinstance(held, Task)
    assert held.owner == world.other
    assert isinstance(refused(world.cloud.create([theirs], world.owner)), CloudError)
    assert isinstance(refused(world.cloud.delete([theirs], world.owner)), Refused)
    assert world.held(theirs.name) == (held,)


@pytest.mark.parametrize(
    ("wanted", "changed"),
    [(World.pool, {"vm_size": "Standard_D4s_v5"}), (World.job, {"priority": 7})],
    ids=["pool", "job"],
)
def test_making_it_again_is_no_error_unless_it_is_another(
    world: World, wanted: Callable[..., Pool | Job], changed: dict[str, Any]
) -> None:
    world.made(wanted(world))
    world.made(wanted(world))
    error = refused(world.cloud.create([wanted(world, **changed)], world.owner))
    assert isinstance(error, CloudError)
    assert error.status == 409
    [held] = world.held()
    assert field_changes(held, wanted(world)) == ()


@pytest.mark.parametrize("wanted", [World.pool, World.job], ids=["pool", "job"])
def test_gone_is_gone(world: World, wanted: Callable[[World], Pool | Job]) -> None:
    world.made(wanted(world))
    assert done(world.cloud.delete([wanted(world)], world.owner)) == [wanted(world).name]
    assert world.held(wanted(world).name) == ()
    world.made(wanted(world))
    assert len(world.held()) == 1


# Pools.


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"display_name": "Shown ü", "task_slots_per_node": 4},
        {"start_task": PLAIN_START},
        {"start_task": START},
        WHOLE_POOL,
        SCALED,
    ],
    ids=["plain", "more", "start task", "full start task", "whole", "scaled"],
)
def test_a_pool_is_read_back_as_it_was_asked_for(world: World, asked: dict[str, Any]) -> None:
    world.made(world.pool(**asked))
    assert field_changes(world.held_pool(), world.pool(**asked)) == ()
    assert world.held_pool().start_task == asked.get("start_task")


def test_a_pool_needs_its_node_agent(world: World) -> None:
    error = refused(world.cloud.create([world.pool(node_agent_sku_id=None)], world.owner))
    assert isinstance(error, CloudError)
    assert error.status == 400


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"vm_size": "Standard_D4s_v5"}),
        ({}, {"task_slots_per_node": 2}),
        ({"display_name": "Old"}, {"display_name": "New"}),
        ({}, {"start_task": PLAIN_START}),
        ({"start_task": PLAIN_START}, {"start_task": replace(PLAIN_START, content="new")}),
        ({"start_task": START}, {"start_task": PLAIN_START}),
        ({"start_task": PLAIN_START}, {}),
        ({}, WHOLE_POOL),
        (WHOLE_POOL, {}),
        ({}, SCALED),
        (SCALED, {}),
        (SCALED, {"target_spot_nodes": 1}),
        (SCALED, {**SCALED, "auto_scale_formula": "$TargetDedicatedNodes = 1;"}),
        (SCALED, {**SCALED, "vm_size": "Standard_D4s_v5"}),
    ],
    ids=[
        *("vmSize", "slots", "name", "start task", "content", "plainer", "no start task", "whole", "nothing of it"),
        *("a formula", "no formula", "nodes for a formula", "another formula", "a formula in an emptied pool"),
    ],
)
def test_an_empty_pool_becomes_what_is_asked(world: World, before: dict[str, Any], after: dict[str, Any]) -> None:
    world.made(world.pool(**before))
    changed = world.pool(**after)
    assert done(world.cloud.update([(world.held_pool(), changed)], world.owner)) == [changed.name]
    assert field_changes(world.held_pool(), changed) == ()
    assert world.held_pool().owner == world.owner
    world.made(changed)


def test_what_is_left_to_the_service_stays_as_it_is(world: World) -> None:
    world.made(world.pool(display_name="By hand"))
    done(world.cloud.update([(world.held_pool(), world.pool(task_slots_per_node=2))], world.owner))
    assert world.held_pool().display_name == "By hand"


def test_a_pool_grows_and_shrinks_in_place(world: World) -> None:
    world.made(world.pool())
    for dedicated, spot in ((1, 1), (0, 1), (0, 0)):
        wanted = world.pool(target_dedicated_nodes=dedicated, target_spot_nodes=spot)
        done(world.cloud.update([(world.held_pool(), wanted)], world.owner))
        assert field_changes(world.held_pool(), wanted) == ()


def test_a_pool_with_nodes_is_emptied_changed_and_filled_again(world: World) -> None:
    world.made(world.pool(target_dedicated_nodes=1))
    wanted = world.pool(target_dedicated_nodes=1, task_slots_per_node=2, vm_size="Standard_D4s_v5")
    done(world.cloud.update([(world.held_pool(), wanted)], world.owner))
    assert field_changes(world.held_pool(), wanted) == ()


@pytest.mark.parametrize(("before", "after"), [(PLAIN_START, START), (None, PLAIN_START), (PLAIN_START, None)])
def test_a_start_task_comes_by_reboot_and_the_nodes_stay(
    world: World, before: StartTask | None, after: StartTask | None
) -> None:
    after = replace(after, resource_files=(), container_settings=None) if after else None
    world.made(world.pool(target_dedicated_nodes=2, start_task=before))
    eventually(lambda: dict(world.cloud.health(world.name("pool")).nodes) == {"idle": 2}, "nodes are up")
    nodes = world.cloud.use(world.name("pool"))
    assert (len(nodes.nodes), nodes.running_tasks) == (2, 0)
    wanted = world.pool(target_dedicated_nodes=2, start_task=after, by_reboot=True)
    done(world.cloud.update([(world.held_pool(), wanted)], world.owner))
    assert field_changes(world.held_pool(), wanted) == ()
    assert not world.held_pool().rebooting
    assert world.cloud.use(world.name("pool")) == nodes


def test_a_pool_is_asked_again_for_the_nodes_it_has_not_got(world: World) -> None:
    world.made(world.pool(target_dedicated_nodes=1))
    eventually(lambda: dict(world.cloud.health(world.name("pool")).nodes) == {"idle": 1}, "the node is up")
    again = world.pool(target_dedicated_nodes=1, asked_again=True)
    done(world.cloud.update([(world.held_pool(), again)], world.owner))
    assert field_changes(world.held_pool(), again) == ()
    eventually(lambda: dict(world.cloud.health(world.name("pool")).nodes) == {"idle": 1}, "the node is still up")


# Jobs.


FULL: dict[str, Any] = {
    "priority": 5,
    "max_wall_clock_time": timedelta(hours=1, minutes=30),
    "max_task_retry_count": 3,
    "environment": (("A", "1"), ("B", "ü = 2")),
    "display_name": "Shown ü",
    "max_parallel_tasks": 7,
    "allow_task_preemption": True,
    "on_task_failure": "performexitoptionsjobaction",
    "job_preparation_task": JobPreparationTask(
        command_line="/bin/bash -c true",
        resource_files=FILES,
        environment=(("A", "1"),),
        elevation="admin",
        container_settings=CONTAINER,
        max_wall_clock_time=timedelta(minutes=3),
        max_task_retry_count=2,
        retention_time=timedelta(days=1),
        wait_for_success=False,
        rerun_on_node_reboot_after_success=False,
        content="0123456789ab",
    ),
    "job_release_task": JobReleaseTask(
        command_line="/bin/bash -c false",
        resource_files=FILES,
        environment=(("B", "2"),),
        elevation="admin",
        max_wall_clock_time=timedelta(minutes=3),
        retention_time=timedelta(days=1),
        content="0123456789ab",
    ),
    "uses_task_dependencies": True,
    "metadata": (("team", "ü"), ("cost", "7")),
}
PLAIN: dict[str, Any] = {
    "job_preparation_task": JobPreparationTask(command_line="true"),
    "job_release_task": JobReleaseTask(command_line="true"),
}


@pytest.mark.parametrize("asked", [{}, FULL, PLAIN], ids=["nothing", "full", "plain"])
def test_a_job_is_made_open_and_read_back_as_it_was_asked_for(world: World, asked: dict[str, Any]) -> None:
    world.made(world.job(**asked))
    held = world.held_job()
    assert field_changes(held, world.job(**asked)) == ()
    assert (held.name, held.generation, held.sealed) == (world.name("job"), 1, False)
    assert world.cloud.standing(held).ended is None
    assert not world.cloud.over(held)


def test_generations_are_jobs_of_their_own(world: World) -> None:
    world.made(world.job(), world.job(generation=2), world.task(generation=1), world.task(generation=2))
    found = sorted((r.generation or 0, r.kind, r.name) for r in world.held() if not isinstance(r, Pool))
    name = world.name("job")
    assert found == [(1, "job", name), (1, "task", f"{name}/a"), (2, "job", name), (2, "task", f"{name}/a")]
    assert world.held_job(2).id == f"{name}-g2"
    done(world.cloud.delete([world.held_job(1)], world.owner))
    assert [(r.kind, r.generation) for r in world.held() if not isinstance(r, Pool)] == [("job", 2), ("task", 2)]


def test_a_job_of_others_at_the_next_generation_is_seen(world: World) -> None:
    theirs = world.job(name=f"{world.name('job')}-g2")
    world.made(theirs, owner=world.other)
    [held] = world.held(world.name("job"))
    assert isinstance(held, Job)
    assert (held.id, held.owner) == (theirs.id, world.other)


def test_a_job_changes_in_place_and_nothing_else_of_it(world: World) -> None:
    world.made(world.job(environment=(("A", "1"),)))
    in_place = {d.name: d.new for d in field_differences(world.job(), world.job(**FULL)) if d.rule is Rule.IN_PLACE}
    assert len(in_place) == 6
    wanted = replace(world.held_job(), **in_place, sealed=True)
    done(world.cloud.update([(world.held_job(), wanted)], world.owner))
    assert field_changes(world.held_job(), wanted) == ()
    assert not world.held_job().sealed


def test_a_limit_can_be_taken_away(world: World) -> None:
    world.made(world.job(max_wall_clock_time=timedelta(hours=1)))
    wanted = replace(world.held_job(), max_wall_clock_time=None)
    done(world.cloud.update([(world.held_job(), wanted)], world.owner))
    assert world.held_job().max_wall_clock_time is None


def test_a_job_is_sealed_only_with_all_that_was_added(world: World) -> None:
    world.made(world.job(), world.task("a"))
    with pytest.raises(Partial, match="lacks"):
        world.cloud.seal(world.job(), frozenset({"a", "b"}))
    assert not world.held_job().sealed
    world.cloud.seal(world.job(), frozenset({"a"}))
    assert world.held_job().sealed
    assert world.cloud.standing(world.job()).ended is None


def test_a_job_that_ended_before_it_was_sealed_is_told_with_its_reason(world: World) -> None:
    world.made(world.job(), world.task("a"))
    done(world.cloud.update([(world.held_job(), replace(world.held_job(), state="terminating"))], world.owner))
    eventually(lambda: world.cloud.over(world.job()), "the job has ended")
    with pytest.raises(Partial, match=r"ended \(BatchctlGaveUp\) while its tasks were added; apply again"):
        world.cloud.seal(world.job(), frozenset({"a"}))


def test_a_job_that_is_not_there_is_not_sealed(world: World) -> None:
    with pytest.raises(CloudError) as raised:
        world.cloud.seal(world.job(), frozenset())
    assert raised.value.status == 404


def test_a_sealed_job_without_tasks_ends_and_takes_none(world: World) -> None:
    world.made(world.job())
    world.cloud.seal(world.job(), frozenset())
    if not isinstance(world.cloud, FakeCloud):  # the service leaves it open for some time, as Azure does
        assert world.held_job().sealed
        return
    assert world.cloud.standing(world.job()).ended
    eventually(lambda: world.cloud.over(world.job()), "nothing of it runs")
    assert world.held_job().state in ("terminating", "completed")
    error = refused(world.cloud.create([world.task()], world.owner))
    assert isinstance(error, CloudError)
    assert error.status == 409


# Tasks.


def test_a_task_is_read_back_with_its_digest(world: World) -> None:
    wanted = world.task("Top-A", environment=(("A", "ü = 1"),), digest="command=1;inputs=2")
    world.made(world.job(), wanted)
    [found] = world.cloud.tasks(world.job())
    assert (found.job, found.id, found.generation) == (world.name("job"), "Top-A", 1)
    assert (found.digest, found.environment) == (wanted.digest, wanted.environment)
    assert (found.state, found.result, found.exit_code, found.failure) == ("active", None, None, None)
    assert found in world.held()
    assert world.cloud.counts(world.job()) == Counts(active=1)
    assert world.cloud.unfinished(world.job())


def test_the_tasks_of_others_are_not_looked_at(world: World) -> None:
    world.made(world.job(), world.task(), owner=world.other)
    assert [r.kind for r in world.held(world.name("job"))] == ["job"]


def test_adding_a_task_again_is_no_error_unless_it_is_another(world: World) -> None:
    world.made(world.job(), world.task())
    world.made(world.task())
    for another in (world.task(digest="command=2"), world.task("A", digest="command=2")):
        error = refused(world.cloud.create([another], world.owner))
        assert isinstance(error, CloudError)
        assert (error.status, error.code) == (409, "TaskExists")
    assert [(t.id, t.digest) for t in world.cloud.tasks(world.job())] == [("a", "command=1")]


def test_many_tasks_are_added_whole(world: World) -> None:
    world.made(world.job())
    wanted = [world.task(f"t{i}") for i in range(250)]
    assert sorted(done(world.cloud.create(wanted, world.owner))) == sorted(t.name for t in wanted)
    assert {t.id for t in world.cloud.tasks(world.job())} == {t.id for t in wanted}
    assert world.cloud.counts(world.job()) == Counts(active=250)


def test_the_limits_of_a_task_change_until_it_has_ended(world: World) -> None:
    world.made(world.job(), world.task(max_wall_clock_time=timedelta(hours=1)))
    [held] = world.cloud.tasks(world.job())
    assert differs_in(held, world.task(max_wall_clock_time=timedelta(hours=1))) == []
    limits: dict[str, Any] = {"max_task_retry_count": 2, "retention_time": timedelta(days=1)}
    wanted = replace(held, max_wall_clock_time=None, **limits)
    assert differs_in(held, wanted) == ["max_wall_clock_time", "max_task_retry_count", "retention_time"]
    assert done(world.cloud.update([(held, wanted)], world.owner)) == [wanted.name]
    [held] = world.cloud.tasks(world.job())
    assert differs_in(held, wanted) == []


def test_limits_for_a_task_that_has_ended_are_no_error(world: World) -> None:
    world.made(world.pool(target_dedicated_nodes=1), world.job(), world.task())
    world.until_done(world.job())
    [held] = world.cloud.tasks(world.job())
    done(world.cloud.update([(held, replace(held, max_wall_clock_time=timedelta(hours=1)))], world.owner))


def test_what_a_task_may_be_told_is_taken(world: World) -> None:
    world.made(world.job(on_task_failure="performexitoptionsjobaction"))
    ends = ExitConditions(
        exit_codes=(ExitCodeMapping(code=3, exit_options=ExitOptions(job_action="none")),),
        exit_code_ranges=(ExitCodeRangeMapping(start=4, end=9, exit_options=ExitOptions(job_action="disable")),),
        pre_processing_error=ExitOptions(job_action="terminate"),
        file_upload_error=ExitOptions(job_action="none"),
        default=ExitOptions(job_action="terminate"),
    )
    told = world.task(display_name="Shown ü", container_settings=CONTAINER, exit_conditions=ends)
    assert done(world.cloud.create([told], world.owner)) == [told.name]


def test_what_has_not_succeeded_is_told_from_what_has(world: World) -> None:
    world.made(world.pool(target_dedicated_nodes=1), world.job())
    tasks = [world.task("good"), world.task("bad", "exit 3")]
    world.hand.fails("bad", 3)
    done(world.cloud.create(tasks, world.owner))
    world.until_done(world.job())
    assert [(run.id, run.exit_code) for run in world.cloud.failed(world.job())] == [("bad", 3)]


def test_what_has_not_ended_has_not_succeeded(world: World) -> None:
    world.made(world.job(), world.task("waits"))
    assert [(run.id, run.state) for run in world.cloud.failed(world.job())] == [("waits", "active")]


def test_nothing_has_failed_where_nothing_is(world: World) -> None:
    assert world.cloud.failed(world.job()) == ()


def differs_in(found: Task, wanted: Task) -> list[str]:
    return [d.name for d in field_differences(found, wanted)]


def test_a_task_needs_its_job(world: World) -> None:
    error = refused(world.cloud.create([world.task()], world.owner))
    assert isinstance(error, CloudError)
    assert error.status == 404


# Running.


def test_a_pool_without_nodes_says_so(world: World) -> None:
    world.made(world.pool())
    eventually(lambda: world.cloud.health(world.name("pool")).steady, "a pool that is new is being resized at first")
    health = world.cloud.health(world.name("pool"))
    assert (health.nodes, health.able) == ((), 0)


@pytest.mark.parametrize("world", [pytest.param("real", marks=pytest.mark.services)], indirect=True)
def test_a_job_is_resumed_that_is_only_being_paused(world: World) -> None:
    world.made(world.pool(), world.job())
    hands = world.cloud.hands
    assert hands.hold_job(world.job().id, wait=False)
    assert hands.release_job(world.job().id)
    eventually(lambda: world.cloud.standing(world.job()).state == "active", "it goes on")


def test_tasks_run_and_leave_their_outputs_with_our_mark(world: World) -> None:
    output = container(world, "output")
    files = (
        OutputFile(file_pattern="*_OUTPUT.txt", container=output.name),
        OutputFile(file_pattern="parts/*.csv", container=output.name, path="csv"),
        OutputFile(file_pattern="deep/**/*.log", container=output.name, path="logs/"),
        OutputFile(file_pattern="one.txt", container=output.name, path="named/b.txt"),
        OutputFile(file_pattern="bad.txt", container=output.name, path="bad.txt", upload_condition="taskFailure"),
    )
    script = (
        "mkdir parts deep deep/good && echo 1 > good_OUTPUT.txt && echo 2 > parts/good.csv && "
        "echo 3 > deep/good/good.log && echo 4 > one.txt && echo 5 > bad.txt"
    )
    always = OutputFile(file_pattern="out.txt", container=output.name, upload_condition="taskCompletion", path="out")
    breaks = "echo 1 > out.txt; for i in it goes, it breaks; do :; done; echo it goes >&2; echo it breaks >&2; exit 3"
    world.hand.fails("bad", 3)
    world.made(Container(name=output.name), world.pool(target_dedicated_nodes=1), world.job())
    world.made(world.task("good", script, output_files=files), world.task("bad", breaks, output_files=(always,)))
    world.cloud.seal(world.job(), frozenset({"good", "bad"}))
    world.until_done(world.job())
    assert world.cloud.counts(world.job()) == Counts(succeeded=1, failed=1)
    bad, good = sorted(world.cloud.tasks(world.job()), key=lambda t: t.id)
    assert (good.state, good.result, good.exit_code, good.failure) == ("completed", "success", 0, None)
    assert (bad.state, bad.result, bad.exit_code) == ("completed", "failure", 3)
    assert bad.failure
    assert bad.failure.startswith("FailureExitCode")
    assert world.cloud.tail(bad, 1) == ("it breaks",)
    assert world.cloud.tail(bad, 20) == ("it goes", "it breaks")
    assert world.cloud.tail(good, 20) == ()
    assert {"wd/good_OUTPUT.txt", "wd/deep/good/good.log"} <= set(world.cloud.files(good))
    written = world.cloud.blobs(output.name)
    assert [(b.path, b.task, b.owner) for b in written] == [
        ("csv/good.csv", "good", world.owner),
        ("good_OUTPUT.txt", "good", world.owner),
        ("logs/good/good.log", "good", world.owner),
        ("named/b.txt", "good", world.owner),
        ("out", "bad", world.owner),
    ]
    assert all(b.md5 for b in written)
    assert world.cloud.standing(world.job()).ended
    health = world.cloud.health(world.name("pool"))
    assert (health.steady, health.nodes, health.able) == (True, (("idle", 1),), 1)
    assert done(world.cloud.delete([output], world.owner)) == [output.name]


def test_a_task_waits_for_what_it_depends_on_and_is_read_back_with_it(world: World) -> None:
    numbers = TaskDependencies(task_ids=("first",), task_id_ranges=(TaskIdRange(start=1, end=2),))
    job = world.job(uses_task_dependencies=True)
    world.made(world.pool(target_dedicated_nodes=1), job)
    world.made(world.task("last", depends_on=numbers), *(world.task(i) for i in ("first", "1", "2")))
    assert {t.id: t.depends_on for t in world.cloud.tasks(job)} == {
        **dict.fromkeys(("first", "1", "2")),
        "last": numbers,
    }
    world.cloud.seal(job, frozenset({"first", "1", "2", "last"}))
    world.until_done(job)
    assert world.cloud.counts(job) == Counts(succeeded=4)


PASSES_SEVEN = ExitConditions(
    exit_codes=(ExitCodeMapping(code=7, exit_options=ExitOptions(dependency_action="satisfy")),)
)


@pytest.mark.parametrize("conditions", [None, PASSES_SEVEN], ids=["no conditions", "another code would pass"])
def test_a_job_whose_tasks_wait_for_a_failed_one_is_ended(world: World, conditions: ExitConditions | None) -> None:
    world.hand.fails("first", 3)
    job = world.job(uses_task_dependencies=True)
    world.made(world.pool(target_dedicated_nodes=1), job)
    world.made(world.task("first", "exit 3", exit_conditions=conditions))
    world.made(*(world.task(i, depends_on=TaskDependencies(task_ids=("first",))) for i in ("a", "b")))
    world.cloud.seal(job, frozenset({"first", "a", "b"}))
    eventually(lambda: world.cloud.counts(job) == Counts(active=2, failed=1), "the first fails")
    assert stalled([job], world.cloud) == [job]
    end_jobs([job], world.cloud)
    eventually(lambda: world.cloud.standing(job).ended is not None, "the job ends")


def test_an_output_without_its_container_is_a_failure(world: World) -> None:
    lost = OutputFile(file_pattern="x", container=world.name("absent"))
    world.made(world.pool(target_dedicated_nodes=1), world.job(), world.task(script="echo 1 > x", output_files=(lost,)))
    world.until_done(world.job())
    [found] = world.cloud.tasks(world.job())
    assert (found.state, found.result, found.exit_code) == ("completed", "failure", 0)
    assert found.failure
    assert found.failure.startswith("FileUploadContainerNotFound")
