"""The verbs on a cloud in memory: what they ask, what they refuse, and how they end. Stories are in `test_plans`."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batchctl.cloud_answers import Counts
from batchctl.errors import CloudError, Partial, Refused, Stuck, TasksFailed
from batchctl.reconcile.carry_out.landing import CannotLandError
from batchctl.reconcile.choices import Choices
from batchctl.reconcile.events import Event, Fetched, NotFetched, TaskFailed
from batchctl.reconcile.plan import Plan
from batchctl.render.text import short_ids
from batchctl.resources import Blob, Job, SupportedImage, Task
from batchctl.spec.load import load
from batchctl.spec.model import Spec
from batchctl.verbs import look
from tests import verbs
from tests.clock import FakeClock
from tests.fake_cloud import Crash, FakeCloud

TWO_TEXTS = Path(__file__).parent / "cases" / "plans" / "two-texts"


class Read(FakeCloud):
    """Knows how often the images were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked_for_images = 0

    def images(self) -> tuple[SupportedImage, ...]:
        self.asked_for_images += 1
        return super().images()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(TWO_TEXTS, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def spec(folder: Path) -> Spec:
    return load(folder / "spec.yaml", {}, {})


def yes(_plan: Plan) -> bool:
    return True


def applied(spec: Spec, cloud: FakeCloud, approve: Callable[[Plan], bool] = yes, **options: Any) -> list[Event]:
    return list(verbs.apply(spec, cloud, FakeClock(), approve, **options))


def keep(events: list[Event], spec: Spec, cloud: FakeCloud) -> None:
    """Apply, and keep every event though it raises in the end."""
    for event in verbs.apply(spec, cloud, FakeClock(), yes):
        events.append(event)


def edited(folder: Path, old: str, new: str) -> Spec:
    text = (folder / "spec.yaml").read_text()
    assert old in text
    (folder / "spec.yaml").write_text(text.replace(old, new))
    return load(folder / "spec.yaml", {}, {})


def interrupted_before_sealing(spec: Spec, cloud: FakeCloud) -> None:
    """The job is open, and its tasks wait in it."""
    cloud.crash_after = 10
    with pytest.raises(Crash):
        applied(spec, cloud)
    cloud.crash_after = None
    assert not cloud.jobs["count"].sealed


# Asking.


def test_plan_writes_nothing(spec: Spec) -> None:
    cloud = FakeCloud()
    assert verbs.plan(spec, cloud)
    assert cloud.writes == []


def test_what_is_not_approved_is_not_done(spec: Spec) -> None:
    cloud, shown = FakeCloud(), list[Plan]()

    def no(plan: Plan) -> bool:
        shown.append(plan)
        return False

    with pytest.raises(Refused, match="not approved: nothing was changed"):
        applied(spec, cloud, no)
    with pytest.raises(Refused, match="not approved"):
        list(verbs.destroy(spec, cloud, FakeClock(), no))
    assert shown[0] == verbs.plan(spec, cloud)
    assert len(shown) == 2
    assert cloud.writes == []


def test_a_plan_that_refuses_itself_is_shown_and_not_done(spec: Spec) -> None:
    cloud, shown = FakeCloud(), list[Plan]()
    cloud.containers["input"] = "another"

    def show(plan: Plan) -> bool:
        shown.append(plan)
        return True

    with pytest.raises(Refused) as raised:
        applied(spec, cloud, show)
    assert raised.value.reasons == shown[0].refusals
    assert cloud.writes == []


# Facts.


def test_images_are_asked_for_only_where_they_matter(spec: Spec, folder: Path) -> None:
    cloud = Read()
    applied(spec, cloud)
    assert cloud.asked_for_images == 1
    assert cloud.pools["count"].node_agent_sku_id == "batch.node.ubuntu 24.04"
    assert not verbs.plan(spec, cloud)
    assert cloud.asked_for_images == 1


def test_an_image_that_batch_does_not_have_is_refused(folder: Path) -> None:
    cloud = FakeCloud()
    with pytest.raises(Refused, match="no verified image canonical/ubuntu-24_04-lts/desktop; the nearest that it has"):
        applied(edited(folder, "sku: server", "sku: desktop"), cloud)
    assert cloud.writes == []


# How apply ends.


def test_a_refusing_service_is_told_and_the_next_apply_goes_on(spec: Spec) -> None:
    class NoPool(FakeCloud):
        refuses = True

        def _create(self, resource: Any, owner: str) -> None:
            if self.refuses and resource.kind == "pool":
                raise CloudError("no cores", status=409, code="PoolQuotaReached")
            super()._create(resource, owner)

    cloud = NoPool()
    with pytest.raises(CloudError, match="could not create pool count: no cores\nWhat was done before stays"):
        applied(spec, cloud)
    assert cloud.jobs == {}
    cloud.refuses = False
    applied(spec, cloud)
    assert not verbs.plan(spec, cloud)


def test_a_job_that_lacks_tasks_is_a_part_that_was_done(spec: Spec) -> None:
    class Forgetful(FakeCloud):
        def _add(self, task: Task) -> None:
            if task.id == "count-a":
                super()._add(task)

    with pytest.raises(Partial, match=r"could not seal job count: .* lacks count-b"):
        applied(spec, Forgetful())


def test_a_failed_task_does_not_keep_the_others_outputs_from_home(spec: Spec, folder: Path) -> None:
    cloud = FakeCloud()
    cloud.fails["count-a"] = 7
    events: list[Event] = []
    with pytest.raises(TasksFailed, match=r"1 of the tasks failed \(count-a\)"):
        keep(events, spec, cloud)
    [failed] = [e for e in events if isinstance(e, TaskFailed)]
    assert (failed.task.id, failed.task.exit_code, failed.stderr) == ("count-a", 7, ("it goes", "it breaks"))
    assert [e.blob.path for e in events if isinstance(e, Fetched)] == ["count-b_OUTPUT.txt"]


def test_a_job_that_is_ended_while_it_is_waited_for_has_failed(spec: Spec) -> None:
    class Ended(FakeCloud):
        def counts(self, job: Job) -> Counts:
            self.jobs[job.id] = replace(self.jobs[job.id], state="completed")
            return super().counts(job)

    with pytest.raises(
        TasksFailed, match=r"2 of the tasks did not run \(count-a, count-b\); apply again runs these alone"
    ):
        applied(spec, Ended())


def test_a_job_that_is_deleted_while_it_is_waited_for_is_told(spec: Spec) -> None:
    class Deleted(FakeCloud):
        def counts(self, job: Job) -> Counts:
            del self.jobs[job.id], self.added[job.id]
            return super().counts(job)

    with pytest.raises(Stuck, match="job count was deleted; `batchctl apply "):
        applied(spec, Deleted())


def test_a_blob_that_cannot_land_is_told_and_stops_no_other(spec: Spec, folder: Path) -> None:
    cloud = FakeCloud()
    cloud.put("output", "../escaped", b"x", spec.name, "count-z")
    cloud.containers["output"] = spec.name
    events: list[Event] = []
    with pytest.raises(CannotLandError, match="1 blob could not be brought home"):
        keep(events, spec, cloud)
    assert [e.blob.path for e in events if isinstance(e, NotFetched)] == ["../escaped"]
    assert len([e for e in events if isinstance(e, Fetched)]) == 2
    assert not (folder / "escaped").exists()


def test_blobs_that_would_meet_in_one_file_are_never_at_home(spec: Spec, folder: Path) -> None:
    both = edited(folder, "  - {container: output, to: results}", "  - {container: output, to: results}\n" + MORE)
    cloud = FakeCloud()
    for container in ("input", "output"):
        cloud.containers[container] = both.name
        cloud.put(container, "x", container.encode())
    with pytest.raises(CannotLandError, match=r"(in|out)put/x and (in|out)put/x would both become"):
        applied(both, cloud)
    assert verbs.plan(both, cloud).fetches


MORE = "  - {container: input, to: results}"


# Several generations at once.


def test_a_task_that_failed_before_and_succeeds_now_has_succeeded(spec: Spec) -> None:
    cloud = FakeCloud()
    interrupted_before_sealing(spec, cloud)
    failed = cloud.added["count"]["count-a"]
    cloud.added["count"]["count-a"] = replace(failed, state="completed", result="failure", exit_code=7)
    plan = verbs.plan(spec, cloud)
    assert [job.id for job in plan.waits] == ["count", "count-g2"]
    applied(spec, cloud)
    assert not verbs.plan(spec, cloud)


def test_what_waits_in_an_older_generation_is_judged_with_the_new_one(spec: Spec) -> None:
    cloud = FakeCloud()
    interrupted_before_sealing(spec, cloud)
    cloud.added["count"]["count-a"] = replace(cloud.added["count"]["count-a"], state="completed", result="failure")
    cloud.fails = {"count-a": 1, "count-b": 2}
    with pytest.raises(TasksFailed) as raised:
        applied(spec, cloud)
    assert "count-a" in str(raised.value)
    assert "count-b" in str(raised.value)


# Destroy.


def test_destroy_needs_no_files(spec: Spec, folder: Path) -> None:
    cloud = FakeCloud()
    applied(spec, cloud)
    (folder / "count.py").unlink()
    shutil.rmtree(folder / "texts")
    list(verbs.destroy(spec, cloud, FakeClock(), yes))
    assert (cloud.containers, cloud.pools, cloud.jobs) == ({}, {}, {})


def test_outputs_that_no_download_names_are_kept_from_destroy(folder: Path) -> None:
    spec = edited(folder, "download:\n  - {container: output, to: results}\n", "")
    cloud = FakeCloud()
    applied(spec, cloud)
    with pytest.raises(Refused, match="2 outputs are not at home and would be lost"):
        list(verbs.destroy(spec, cloud, FakeClock(), yes))
    list(verbs.destroy(spec, cloud, FakeClock(), yes, Choices(discard_outputs=True)))
    assert cloud.containers == {}


def test_what_somebody_adds_after_the_question_keeps_the_container(spec: Spec) -> None:
    cloud = FakeCloud()
    applied(spec, cloud)

    def yes_but(_plan: Plan) -> bool:
        cloud.put("output", "theirs", b"x")
        return True

    with pytest.raises(Partial, match="could not delete container output"):
        list(verbs.destroy(spec, cloud, FakeClock(), yes_but))
    assert ("output", "theirs") in cloud.stored


def test_blobs_are_listed_once_by_a_plan(spec: Spec) -> None:
    class Listed(FakeCloud):
        listings = 0

        def blobs(self, container: str) -> tuple[Blob, ...]:
            self.listings += 1
            return super().blobs(container)

    cloud = Listed()
    applied(spec, cloud)
    cloud.listings = 0
    assert not verbs.plan(spec, cloud)
    assert cloud.listings == 3


class Busy(FakeCloud):
    """Once it is busy: whatever is looked at, all that runs has ended before the next look."""

    busy = False

    def storage(self, *asked: Any) -> Any:
        found = super().storage(*asked)
        self._end()
        return found

    def batch(self, *asked: Any) -> Any:
        found = super().batch(*asked)
        self._end()
        return found

    def _end(self) -> None:
        for job in list(self.jobs.values()) if self.busy else ():
            self.counts(job)


def test_a_task_that_ends_while_the_account_is_looked_at_does_not_run_again(spec: Spec) -> None:
    cloud = Busy()
    interrupted_before_sealing(spec, cloud)
    cloud.busy = True
    decided = verbs.plan(spec, cloud)
    assert [c for c in decided.changes if isinstance(c.resource, Task)] == []


def test_streams_are_listed_for_nobody_but_who_asks_for_them(folder: Path) -> None:
    path = folder / "spec.yaml"
    path.write_text(path.read_text().replace("logs: false\n", ""))
    spec, listed = load(path, {}, {}), set[str]()

    class Listed(FakeCloud):
        def blobs(self, container: str) -> tuple[Blob, ...]:
            listed.add(container)
            return super().blobs(container)

    cloud = Listed()
    applied(spec, cloud)
    assert not verbs.plan(spec, cloud)
    assert [blob.path for blob in look.outputs(spec, cloud)] == ["count-a_OUTPUT.txt", "count-b_OUTPUT.txt"]
    assert listed == {"application", "input", "output"}
    assert len(look.written(spec, cloud)) == 6


# Drift.


def test_drift_is_told_apart_from_what_the_spec_changes(spec: Spec, folder: Path) -> None:
    cloud = FakeCloud()
    applied(spec, cloud)
    assert not verbs.drifted(verbs.plan(spec, cloud))
    cloud.pools["count"] = replace(cloud.pools["count"], target_spot_nodes=7)
    changed = edited(folder, "targetDedicatedNodes: 1", "targetDedicatedNodes: 2")
    found = verbs.plan(changed, cloud)
    assert [f.name for c in found.changes for f in c.fields] == ["target_dedicated_nodes", "target_spot_nodes"]
    [change] = verbs.drifted(found).changes
    assert [(f.name, f.old, f.new) for f in change.fields] == [("target_spot_nodes", 7, 0)]
    assert not verbs.drifted(verbs.plan(changed, FakeCloud()))


NODE = f"tvmps_{'2a9cd17e' * 8}_d"


@pytest.mark.parametrize("asked", [NODE, short_ids(NODE), "tvmps_2a9", "TVM", "*_d", "tvmps_*", "tvmps_2a9cd17e…"])
def test_a_node_is_named_as_people_are_shown_it(asked: str) -> None:
    assert look.names(NODE, asked)


@pytest.mark.parametrize("asked", ["tvmps_2a9cd17e…_p", "2a9cd17e", "_d", "tvmps_3*", ""])
def test_another_node_is_not_meant(asked: str) -> None:
    assert not look.names(NODE, asked)
