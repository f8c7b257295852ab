"""Tasks that wait for ever: every cause of the table, made by `batchctl local fault` or by hand, is told within two
polls, and by `why` and `status` in the same words. The client's waits move the service's time on."""

import base64
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from azure.batch import BatchClient
from azure.core.credentials import AzureNamedKeyCredential
from typer.testing import CliRunner

from batchctl.cli.local.faults import app
from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.connect import Target, connect
from batchctl.configurations import TaskDependencies
from batchctl.errors import Stuck
from batchctl.local.home import ACCOUNT, State, account_key, find_home, make_home, save_state
from batchctl.local.processes import Process
from batchctl.reconcile.carry_out.follow import Bounds, wait_for_tasks
from batchctl.reconcile.decide.standstill import TABLE
from batchctl.reconcile.events import Event, JobNotice, PoolNotice
from batchctl.resources import Image, Job, Pool, Task
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from batchctl.verbs import look
from batchctl.verbs.standstills import standstills
from batchctl.verbs.why import why
from batchctl.work import JobPreparationTask, MultiInstanceSettings, StartTask
from tests.e2e.test_evaluations import TurningClock
from tests.emulator.stand import Local, until
from tests.services import unique

SPEC = """
version: 1
name: {name}
pool: {{id: {name}, vmSize: Standard_D2s_v5, image: {{publisher: canonical, offer: ubuntu-24_04-lts, sku: server}}}}
job: {{id: {name}, tasks: [{{id: a, commands: ['true']}}]}}
"""
NOBODY = Process(pid=2**22 + 1, started="never")
KEY = "bm9ib2R5IGFza3MgZm9yIGJsb2JzIGhlcmU="


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """In a home of its own, where `batchctl local fault` finds it."""
    folder = tmp_path_factory.mktemp("stuck")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BATCHCTL_LOCAL_HOME", str(folder / "home"))
        home = find_home()
        make_home(home)
        key = base64.b64decode(account_key(home, "batch"))
        service = Local(folder / "service").start(account=ACCOUNT, key=key)
        port = urlsplit(service.url).port or 0
        save_state(home, State(batch_port=port, blob_port=0, supervisor=NOBODY, emulator=NOBODY, azurite=NOBODY))
        yield service
        service.stop()


class CountingClock(TurningClock):
    """`pace`: so much faster goes the time for who waits."""

    def __init__(self, service: Local, pace: int) -> None:
        super().__init__(service)
        self.sleeps, self.pace = 0, pace

    def sleep(self, seconds: float, halt: Any = None) -> None:
        self.sleeps += 1
        super().sleep(seconds * self.pace, halt)


@dataclass
class Stage:
    """A pool, a job and a spec of one name."""

    service: Local
    cloud: Azure
    client: BatchClient
    spec: Spec
    name: str
    job: Job = field(init=False)

    def fault(self, *words: str) -> None:
        done = CliRunner().invoke(app, list(words))
        assert done.exit_code == 0, done.output

    def has_pool(self, **more: Any) -> None:
        asked: dict[str, Any] = {
            "name": self.name,
            "vm_size": "Standard_D2s_v5",
            "image": Image(publisher="canonical", offer="ubuntu-24_04-lts", sku="server"),
            "node_agent_sku_id": "batch.node.ubuntu 24.04",
            "target_dedicated_nodes": 2,
        }
        self._make(Pool(**asked | more))

    def has_job(self, *tasks: dict[str, Any], sealed: bool = True, **more: Any) -> None:
        self.job = Job(name=self.name, pool=self.name, generation=1, **more)
        self._make(self.job)
        made = [Task(job=self.name, digest="command=1", generation=1, **self._task(task)) for task in tasks or ({},)]
        self._make(*made)
        if sealed:
            self.cloud.seal(self.job, frozenset(task.id for task in made))

    def _task(self, said: dict[str, Any]) -> dict[str, Any]:
        return {"id": "a", "command_line": "sleep 1000"} | said

    def _make(self, *made: Any) -> None:
        assert [outcome.error for outcome in self.cloud.create(made, self.name) if outcome.error] == []

    def nodes(self) -> list[str]:
        return sorted(str(node.as_dict()["state"]).lower() for node in self.client.list_nodes(self.name))

    def come_to(self, *states: str) -> None:
        until(lambda: self.nodes() == sorted(states), f"nodes {states}")

    def waits(self, timeout: float = 3600, pace: int = 1) -> tuple[list[Event], str, CountingClock]:
        """What was told, and how it ended, by which clock."""
        clock, told, end = CountingClock(self.service, pace), list[Event](), ""
        bounds = Bounds(timeout=timedelta(seconds=timeout))
        try:
            for event in wait_for_tasks([self.job], self.cloud, clock, bounds, spec="s.yaml"):
                told.append(event)
        except Stuck as stuck:
            end = str(stuck)
        return told, end, clock

    def why(self, name: str = "task.a") -> Sequence[Any]:
        return list(why(self.spec, self.cloud, self.cloud.eyes, name, "s.yaml"))[1:]

    def standstills(self) -> Sequence[Any]:
        return standstills(self.spec, self.cloud, look.status(self.spec, self.cloud.eyes, self.cloud.clock), "s.yaml")


@pytest.fixture
def stage(service: Local, tmp_path: Path) -> Iterator[Stage]:
    key = account_key(find_home(), "batch")
    target = Target.local(
        batch_url=service.url,
        batch_account=ACCOUNT,
        batch_key=key,
        storage_url="http://127.0.0.1:9/nobody",
        storage_account="nobody",
        storage_key=KEY,
    )
    name = unique("stuck")
    (tmp_path / "s.yaml").write_text(SPEC.format(name=name))
    with BatchClient(service.url, AzureNamedKeyCredential(ACCOUNT, key), retry_total=0) as client:
        spec = load(tmp_path / "s.yaml", {}, {})
        yield Stage(service, connect(target, TurningClock(service)), client, spec, name)
        CliRunner().invoke(app, ["clear"])


def quota(stage: Stage) -> None:
    stage.fault("quota", "dedicatedCores", "0")
    stage.has_pool()
    stage.has_job()


def allocation(stage: Stage) -> None:
    stage.fault("allocation", "--pool", stage.name)
    stage.has_pool()
    stage.has_job()


def allocation_in_time(stage: Stage) -> None:
    stage.fault("allocation", "--pool", stage.name, "--code", "AllocationTimedOut")
    stage.has_pool()
    stage.has_job()
    stage.service.turn(16 * 60)


def allocation_of_another_kind(stage: Stage) -> None:
    stage.fault("allocation", "--pool", stage.name, "--code", "ScopeLocked")
    stage.has_pool()
    stage.has_job()


def resize_stopped(stage: Stage) -> None:
    stage.fault("delay", "resizing", "600")
    stage.has_pool()
    stage.has_job()
    stage.client.begin_stop_pool_resize(stage.name, polling_interval=0.01).result()


START = {"start_task": StartTask(command_line="true", wait_for_success=True)}


def start_task(stage: Stage, *more: str) -> None:
    stage.fault("start-task", "--pool", stage.name, *more)
    stage.has_pool(**START)
    stage.has_job()
    stage.come_to("starttaskfailed", "starttaskfailed")


def signature(stage: Stage) -> None:
    start_task(stage, "--code", "BlobAccessDenied")


def image(stage: Stage, *more: str) -> None:
    stage.fault("image-pull", "--pool", stage.name, *more)
    stage.has_pool()
    stage.has_job()
    stage.come_to("unusable", "unusable")


def registry(stage: Stage) -> None:
    image(stage, "--message", "Get https://x.azurecr.io/v2/: unauthorized: authentication required")


def accident(stage: Stage, *words: str, state: str) -> None:
    stage.has_pool(target_dedicated_nodes=1)
    stage.come_to("idle")
    stage.fault("node", words[0], stage.name, *words[1:])
    stage.come_to(state)
    stage.has_job()


def broken(stage: Stage) -> None:
    accident(stage, "break", "--code", "Disk\x1b[2JFull", state="unusable")


def package(stage: Stage) -> None:
    accident(stage, "break", "--code", "ApplicationPackageError", state="unusable")


def held(stage: Stage) -> None:
    accident(stage, "hold", state="offline")


def put_away(stage: Stage) -> None:
    accident(stage, "deallocate", state="deallocated")


def formula(stage: Stage) -> None:
    stage.fault("autoscale", "--pool", stage.name, "--message", "x is not known")
    stage.has_pool(
        auto_scale_formula="$TargetDedicatedNodes = $PendingTasks.GetSample(1);", target_dedicated_nodes=None
    )
    stage.has_job()


def formula_without_targets(stage: Stage) -> None:
    stage.has_pool(auto_scale_formula="x = 1;", target_dedicated_nodes=None)
    stage.has_job()


def formula_of_none(stage: Stage) -> None:
    stage.has_pool(auto_scale_formula="$TargetDedicatedNodes = 0;", target_dedicated_nodes=None)
    stage.has_job()


def empty(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=0)
    stage.has_job()


def pool_goes(stage: Stage) -> None:
    stage.fault("delay", "deletingpool", "3600")
    stage.has_pool(target_dedicated_nodes=0)
    stage.has_job()
    stage.client.begin_delete_pool(stage.name, polling_interval=0.01)


def pool_is_gone(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=0)
    stage.has_job()
    stage.client.begin_delete_pool(stage.name, polling_interval=0.01).result()


def job_is_held(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=0)
    stage.has_job()
    stage.cloud.hands.hold_job(stage.name, wait=False)


def too_wide(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=1)
    stage.come_to("idle")
    stage.has_job({"required_slots": 4})


def too_many_instances(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=1, enable_inter_node_communication=True)
    stage.come_to("idle")
    several = MultiInstanceSettings(number_of_instances=3, coordination_command_line="true")
    stage.has_job({"multi_instance_settings": several})


def preparation(stage: Stage) -> None:
    stage.fault("preparation", "--pool", stage.name, "--exit-code", "7")
    stage.has_pool()
    stage.come_to("idle", "idle")
    stage.has_job(job_preparation_task=JobPreparationTask(command_line="true"))
    until(lambda: len(stage.cloud.failed_preparations(stage.job)) == 2, "both preparations fail")


CASES: dict[str, tuple[Callable[[Stage], None], str, str]] = {
    "quota": (quota, "0 of 2 nodes (0 of 4 cores): AccountCoreQuotaReached: ", "`batchctl apply s.yaml` asks for"),
    "allocationFailed": (allocation, "0 of 2 nodes: AllocationFailed: ", "`batchctl apply s.yaml` asks for"),
    "allocationTimedOut": (allocation_in_time, "0 of 2 nodes: AllocationTimedOut: ", "`batchctl apply s.yaml` asks"),
    "resizeStopped": (resize_stopped, "0 of 2 nodes: ResizeStopped: ", "`batchctl apply s.yaml` asks for the nodes"),
    "resizeFailed": (allocation_of_another_kind, "0 of 2 nodes: ScopeLocked: ", "then `batchctl apply s.yaml`"),
    "startTaskFailed": (start_task, "2 nodes starttaskfailed: its start task failed with exit code 1", "batchctl logs"),
    "signatureExpired": (signature, "its start task failed: BlobAccessDenied: ", "has expired or was taken away"),
    "imagePull": (image, "2 nodes unusable: ContainerInvalidImage: ", "mend containerImageNames, then `batchctl"),
    "registryRefuses": (registry, "2 nodes unusable: ContainerInvalidImage: ", "mend containerRegistries"),
    "unusable": (broken, r"1 node unusable: Disk\u001b[2JFull: ", "`batchctl apply s.yaml --replace pool."),
    "applicationPackage": (
        package,
        "1 node unusable: ApplicationPackageError: ",
        "`az batch application package list`",
    ),
    "offline": (held, "1 offline: somebody keeps tasks away", "`az batch node scheduling enable --pool-id "),
    "deallocated": (put_away, "1 deallocated: switched off by somebody", "--replace pool."),
    "formulaFails": (formula, "its autoscale formula could not be evaluated: Auto", "then `batchctl apply s.yaml`"),
    "formulaSetsNothing": (formula_without_targets, "its autoscale formula sets neither $TargetDed", "mend autoScale"),
    "formulaSaysNone": (formula_of_none, "its autoscale formula always says 0 nodes", "mend autoScaleFormula"),
    "noNodes": (empty, "the pool has no nodes", "give it targetDedicatedNodes: mend the spec, then"),
    "poolBeingDeleted": (pool_goes, " is being deleted", "once it is gone, `batchctl apply s.yaml` makes it anew"),
    "poolDeleted": (pool_is_gone, " is not there any more", "`batchctl apply s.yaml` makes what is missing"),
    "jobDisabled": (job_is_held, " is paused", "`batchctl resume s.yaml` goes on with it"),
    "slots": (too_wide, "task a takes 4 slots, and a node has 1", "lower requiredSlots or raise taskSlotsPerNode"),
    "instances": (
        too_many_instances,
        "task a wants 3 nodes at once, and the pool is to have 1 node",
        "want more nodes",
    ),
    "preparation": (
        preparation,
        "the job's preparation task failed on 2 nodes: exit code 7",
        "`batchctl logs s.yaml 'preparation.*' --all` shows what it wrote; mend",
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_what_lasts_is_told_within_two_polls_and_everywhere_in_the_same_words(stage: Stage, kind: str) -> None:
    arrange, says, remedy = CASES[kind]
    arrange(stage)
    _, end, clock = stage.waits()
    assert (says in end, remedy in end, clock.sleeps) == (True, True, 1), end
    of_pool = [stage.why(f"pool.{stage.name}")] if end.startswith("pool") and kind != "poolDeleted" else []
    for found in (stage.why(), stage.standstills(), *of_pool):
        (reason,) = [one for one in found if one.kind == kind]
        assert not reason.passes
        assert f"{reason.says}\n" in end
        assert f"  -> {reason.remedy}\n" in end


def preempted(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=0, target_spot_nodes=1)
    stage.come_to("idle")
    stage.fault("node", "preempt", stage.name)
    stage.has_job()


def lost(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=1)
    stage.come_to("idle")
    stage.fault("node", "lose", stage.name)
    stage.has_job()


def slow(stage: Stage) -> None:
    stage.fault("delay", "starting", "86400")
    stage.has_pool(target_dedicated_nodes=1)
    stage.has_job()
    stage.come_to("starting")


def taken_by_others(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=1)
    stage.has_job()
    until(lambda: stage.client.get_task(stage.name, "a").state == "running", "the first job's task")
    first, stage.name = stage.name, f"{stage.name}-b"
    stage.job = Job(name=stage.name, pool=first, generation=1)
    stage._make(stage.job)
    stage._make(Task(job=stage.name, id="a", command_line="true", digest="command=1", generation=1))


def no_evaluation(stage: Stage) -> None:
    scaled = "$TargetDedicatedNodes = $PreemptedNodeCount.GetSample(1);"
    stage.has_pool(auto_scale_formula=scaled, target_dedicated_nodes=None)
    stage.has_job()


PASSING: dict[str, tuple[Callable[[Stage], None], str]] = {
    "preempted": (preempted, "1 preempted: taken back by Azure, which gives others where it has room; dedicated "),
    "unknown": (lost, "1 unknown: the service hears nothing from there; what runs may go on; should they not"),
    "slowNodes": (slow, "its nodes have been coming up for more than 20 minutes: 1 starting of 1; `batchctl nodes"),
    "othersRun": (taken_by_others, "1 node of its pool runs tasks of other jobs; the job with the higher priority"),
    "noEvaluationYet": (no_evaluation, "its autoscale formula holds it at 0 nodes; the next evaluation comes "),
}


@pytest.mark.parametrize("kind", PASSING)
def test_what_may_pass_is_waited_for_and_told_once(stage: Stage, kind: str) -> None:
    arrange, says = PASSING[kind]
    arrange(stage)
    told, end, clock = stage.waits(timeout=8, pace=1) if kind != "slowNodes" else stage.waits(timeout=1500, pace=60)
    assert end.startswith("waited "), end
    lines = [line for event in told if isinstance(event, PoolNotice | JobNotice) for line in event.says]
    assert [line[: len(says)] for line in lines] == [says]
    assert clock.sleeps > 3


def test_a_task_that_fails_without_end_is_told_once(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=1)
    script = "echo x >> tries; [ $(wc -l < tries) -gt 5 ] && exec sleep 1000; exit 1"
    stage.has_job({"command_line": f"/bin/bash -c '{script}'"}, max_task_retry_count=-1)
    until(lambda: stage.cloud.retried(stage.job), "the sixth try")
    told, end, _ = stage.waits(timeout=300, pace=10)
    assert end.startswith("waited ")
    assert [event.says for event in told if isinstance(event, JobNotice)] == [
        (
            "task a fails and is tried again as often as it takes (maxTaskRetryCount is -1); bound maxTaskRetryCount "
            "in the spec, then `batchctl apply s.yaml`, or end it by `batchctl cancel s.yaml TASK`",
        )
    ]


def test_a_job_that_was_deleted_ends_the_wait(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=0)
    stage.has_job()
    stage.client.begin_delete_job(stage.name, polling_interval=0.01).result()
    _, end, clock = stage.waits()
    says = f"job {stage.name} was deleted; `batchctl apply s.yaml` makes it anew and runs its tasks."
    assert (end, clock.sleeps) == (says, 0)


def test_a_job_that_was_ended_says_so(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=0)
    stage.has_job()
    stage.client.begin_terminate_job(stage.name, {"terminateReason": "enough"}, polling_interval=0.01)
    until(lambda: stage.cloud.over(stage.job), "the end of the job")
    told, end, clock = stage.waits()
    assert (end, clock.sleeps) == ("", 0)
    [(says,)] = [event.says for event in told if isinstance(event, JobNotice)] or [("",)]
    assert says.startswith(f"job {stage.name} has ended (enough): nothing of it runs any more; `batchctl apply")
    (reason,) = stage.why()
    assert reason.line == says


def test_a_task_that_waits_for_one_that_failed(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=1)
    depends = {"depends_on": TaskDependencies(task_ids=("a",))}
    after = {"depends_on": TaskDependencies(task_ids=("b",))}
    tasks = ({"command_line": "false"}, {"id": "b", **depends}, {"id": "c", **after})
    stage.has_job(*tasks, uses_task_dependencies=True)
    until(lambda: stage.client.get_task(stage.name, "a").state == "completed", "the failure")
    (reason,) = stage.why("task.c")
    assert (reason.says, reason.passes) == ("task c: depends on a, which failed", False)
    assert reason.remedy == "`batchctl why s.yaml task.a`; `batchctl apply s.yaml` runs both again"
    assert [one.says for one in stage.standstills()] == ["tasks b, c: depends on a, which failed"]
    _, end, clock = stage.waits()
    assert (end, clock.sleeps) == ("", 0)


def test_a_task_that_waits_for_one_that_somebody_deleted(stage: Stage) -> None:
    stage.has_pool(target_dedicated_nodes=1)
    depends = {"depends_on": TaskDependencies(task_ids=("a",))}
    stage.has_job({}, {"id": "b", **depends}, uses_task_dependencies=True)
    stage.client.delete_task(stage.name, "a")
    stage.come_to("idle")
    (reason,) = stage.why("task.b")
    says = "task b: depends on a, which is not in the job"
    assert (reason.says, reason.passes) == (says, False)
    assert [one.says for one in stage.standstills()] == [says]
    _, end, clock = stage.waits()
    assert (end, clock.sleeps) == ("", 1)
    assert stage.cloud.standing(stage.job).ended


def test_every_cause_has_a_test() -> None:
    elsewhere = {
        *("jobDeleted", "jobEnded", "dependencyFailed", "retried"),
        # In test_why: a job that cannot be scheduled, tasks of its own job, and nodes on their way.
        *("jobNotScheduled", "maxParallelTasks", "nodesComeUp"),
    }
    assert {rule.kind for rule in TABLE} == CASES.keys() | PASSING.keys() | elsewhere
