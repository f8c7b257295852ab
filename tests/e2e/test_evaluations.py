"""Pools that scale by a formula, through evaluation after evaluation: the client's waits move the service's time on."""

from pathlib import Path

import pytest

from batchctl.cloud.azure_cloud import Azure
from batchctl.errors import Stuck
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import PoolNotice
from batchctl.spec.load import load
from batchctl.verbs.apply import apply
from tests.e2e.conftest import TurningClock
from tests.emulator.stand import Local
from tests.emulator.test_faults import fault

SPEC = """
version: 1
name: scaled
logs: false
pool:
  id: scaled
  vmSize: Standard_D2s_v5
  image: {{publisher: canonical, offer: ubuntu-24_04-lts, sku: server}}
  autoScaleEvaluationInterval: PT5M
  autoScaleFormula: |
{formula}
job: {{id: scaled, tasks: [{{id: 't-{{item}}', forEach: {{range: {{start: 1, end: 4}}}}, commands: ['echo ok']}}]}}
wait: {{timeout: {wait}}}
"""
CONSTANT = "$TargetDedicatedNodes = 1;"
NOTHING = "$TargetDedicatedNodes = 0;"
PENDING = """
pending = max($PendingTasks.GetSample(1));
$TargetDedicatedNodes = min(2, pending);
$NodeDeallocationOption = taskcompletion;
"""
SAMPLES = """
startingNumberOfVMs = 0;
maxNumberofVMs = 4;
pendingTaskSamplePercent = $PendingTasks.GetSamplePercent(180 * TimeInterval_Second);
pendingTaskSamples = pendingTaskSamplePercent < 70
    ? startingNumberOfVMs : avg($PendingTasks.GetSample(180 * TimeInterval_Second));
$TargetLowPriorityNodes = min(maxNumberofVMs, pendingTaskSamples);
$NodeDeallocationOption = taskcompletion;
"""
"""As Learn and other people's tools write them: the first evaluation knows of no task yet."""


def applied(folder: Path, cloud: Azure, clock: TurningClock, formula: str, wait: str = "PT30M") -> list[str]:
    """What apply said of the pool until it ended well."""
    text = "\n".join(f"    {line}" for line in formula.strip().splitlines())
    (folder / "spec.yaml").write_text(SPEC.format(formula=text, wait=wait))
    events = apply(load(folder / "spec.yaml", {}, {}), cloud, clock, lambda _plan: True, Choices(), patience=None)
    return [line for event in events if isinstance(event, PoolNotice) for line in event.says]


@pytest.mark.parametrize("formula", [PENDING, SAMPLES])
def test_a_pool_held_at_no_node_gets_some_at_a_later_evaluation(
    tmp_path: Path, cloud: Azure, clock: TurningClock, formula: str
) -> None:
    said = applied(tmp_path, cloud, clock, formula)
    assert said
    assert all("its autoscale formula holds it at 0 nodes; the next evaluation comes " in line for line in said)
    assert clock.turned >= 300 - 30  # what comes with a sample may come with the one before


def test_a_resize_that_failed_is_made_good_by_a_later_evaluation(
    tmp_path: Path, service: Local, cloud: Azure, clock: TurningClock
) -> None:
    with fault(service, kind="allocation", pool="scaled"), pytest.raises(Stuck, match="0 of 1 node: AllocationFailed"):
        applied(tmp_path, cloud, clock, CONSTANT)
    said = applied(tmp_path, cloud, clock, CONSTANT)
    assert [line for line in said if "its autoscale formula asks for 1 node; the next evaluation comes " in line]
    assert clock.turned >= 300 - 30
    assert cloud.health("scaled").resize_errors == ()


def test_a_formula_that_never_says_more_is_not_waited_for(tmp_path: Path, cloud: Azure, clock: TurningClock) -> None:
    with pytest.raises(Stuck, match="its autoscale formula always says 0 nodes"):
        applied(tmp_path, cloud, clock, NOTHING)
    assert clock.turned < 300


def test_a_wait_with_an_end_ends_before_the_next_evaluation(tmp_path: Path, cloud: Azure, clock: TurningClock) -> None:
    with pytest.raises(Stuck, match="waited 0:02:00 and 4 tasks"):
        applied(tmp_path, cloud, clock, PENDING, wait="PT2M")
    assert clock.turned < 300


SCALED = """
version: 1
name: scaled
logs: false
pool:
  id: scaled
  vmSize: Standard_D2s_v5
  image: {{publisher: canonical, offer: ubuntu-24_04-lts, sku: server}}
  taskSlotsPerNode: 4
  scale: {scale}
job:
  id: scaled
  tasks:
    - id: 't-{{item}}'
      forEach: {{range: {{start: 1, end: 10}}}}
      requiredSlots: 2
      commands: ['until [ -e {flag} ]; do sleep 0.02; done']
wait: {{timeout: PT1H}}
"""


def scaled(folder: Path, cloud: Azure, clock: TurningClock, scale: str, text: str = SCALED) -> list[str]:
    """What was said of the pool. The tasks end once the formula is on."""
    on = folder / "on"
    (folder / "spec.yaml").write_text(text.format(scale=scale, flag=on))
    said = []
    for event in apply(load(folder / "spec.yaml", {}, {}), cloud, clock, lambda _plan: True, Choices(), patience=None):
        if isinstance(event, PoolNotice):
            said += event.says
            on.touch()
    return said


def targets(service: Local) -> tuple[int | None, int | None]:
    with service.client() as client:
        pool = client.get_pool("scaled")
    return pool.target_dedicated_nodes, pool.target_low_priority_nodes


def test_a_pool_scales_with_its_tasks_and_goes_down_when_they_are_done(
    tmp_path: Path, service: Local, cloud: Azure, clock: TurningClock
) -> None:
    said = scaled(tmp_path, cloud, clock, "{max: 20, spot: true}")
    assert said == ["its autoscale formula is on: its tasks are in"]
    # Ten tasks, two on a node: told by the first evaluation, which comes when the tasks are in.
    assert targets(service) == (0, 5)
    before = clock.turned
    while targets(service) != (0, 0):
        clock.sleep(30)
        assert clock.turned - before < 1800, "no node goes"
    assert clock.turned - before >= 300  # not while the tasks may come again
    assert cloud.health("scaled").count == 0


def test_the_bounds_of_a_scale_are_kept(tmp_path: Path, service: Local, cloud: Azure, clock: TurningClock) -> None:
    scaled(tmp_path, cloud, clock, "{min: 1, max: 3, initial: 2}")
    assert targets(service) == (3, 0)
    for _ in range(60):
        clock.sleep(30)
    assert targets(service) == (1, 0)


def test_a_pool_that_begins_without_nodes_scales_for_the_tasks_that_come_first(
    tmp_path: Path, service: Local, cloud: Azure, clock: TurningClock
) -> None:
    said = scaled(tmp_path, cloud, clock, "{max: 2, initial: 0}", SCALED.replace("  tasks:", "  canary: 2\n  tasks:"))
    assert said == ["its autoscale formula is on: its tasks are in"]
    with service.client() as client:
        assert client.get_job_task_counts("scaled").task_counts.succeeded == 10
