"""Many tasks at once: how many requests they are, what each holds, and what an interruption leaves to be done."""

import json
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.azure_cloud import Azure
from batchctl.cloud.clients.batch import Batch, Json
from batchctl.cloud.connect import Target, connect
from batchctl.cloud.resources import task_adding
from batchctl.desired import Desired
from batchctl.errors import CloudError
from batchctl.local import Services
from batchctl.opening.target import target_of
from batchctl.reconcile.carry_out.execute import execute
from batchctl.reconcile.decide.diff import diff
from batchctl.reconcile.events import Failed
from batchctl.reconcile.plan import Action
from batchctl.resources import Image, Job, Pool, Task
from tests.clock import FakeClock
from tests.cloud.test_answers import answering
from tests.contract.conftest import done
from tests.proxy import Log, counting
from tests.services import unique


def tasks(job: str, count: int, line: str = "true") -> tuple[Task, ...]:
    return tuple(
        Task(job=job, id=f"t-{number}", command_line=line, digest="command=1", generation=1) for number in range(count)
    )


def plain(task: Task) -> Json:
    return {"id": task.id, "commandLine": task.command_line}


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (100, [100]), (101, [100, 1]), (250, [100, 100, 50])])
def test_a_chunk_has_a_hundred_tasks(count: int, sizes: list[int]) -> None:
    assert [len(chunk.tasks) for chunk in task_adding.task_chunks(tasks("j", count), plain)] == sizes


def test_a_chunk_stays_below_what_a_request_may_have() -> None:
    found = list(task_adding.task_chunks(tasks("j", 20, "é" * 50_000), plain))
    assert [len(chunk.tasks) for chunk in found] == [8, 8, 4]
    assert all(chunk.size == sum(map(len, chunk.bodies)) <= task_adding.MOST_BYTES for chunk in found)


def test_tasks_of_two_generations_go_apart() -> None:
    later = tuple(Task(job="j", id=f"u-{number}", generation=2) for number in range(3))
    chunks = task_adding.task_chunks(tasks("j", 2) + later, plain)
    assert [(c.job, len(c.tasks)) for c in chunks] == [("j", 2), ("j-g2", 3)]


def test_a_chunk_is_made_only_when_it_is_asked_for() -> None:
    made = []

    def body(task: Task) -> Json:
        made.append(task.id)
        return plain(task)

    list(islice(task_adding.task_chunks(tasks("j", 1000), body), 2))
    assert len(made) == 201  # the first that did not fit is made already


@pytest.fixture
def proxy(services: Services) -> Iterator[Log]:
    with counting(services.batch_url) as log:
        yield log


@pytest.fixture
def target(services: Services, proxy: Log) -> Target:
    return replace(target_of(services), batch_url=proxy.url)


@pytest.fixture
def cloud(target: Target) -> Azure:
    return connect(target, SystemClock())


def pool(name: str) -> Pool:
    image = Image(publisher="canonical", offer="ubuntu-24_04-lts", sku="server")
    return Pool(name=name, vm_size="Standard_D2s_v5", image=image, node_agent_sku_id="batch.node.ubuntu 24.04")


@pytest.fixture
def job(cloud: Azure, target: Target) -> Iterator[str]:
    """The name of a job, of its pool without nodes, and of their owner."""
    name = unique("own")
    made = (pool(name), Job(name=name, pool=name))
    for resource in made:
        done(cloud.create([resource], name))
    yield name
    another = connect(target, SystemClock())  # one that was interrupted does not wait until they are gone
    for resource in reversed(made):
        done(another.delete([resource], name))


def adds(log: Log) -> int:
    return sum(path.split("?")[0].endswith("/addtaskcollection") for _, path in log.requests)


def test_ten_thousand_tasks_are_a_hundred_requests(cloud: Azure, proxy: Log, job: str) -> None:
    proxy.requests.clear()
    assert len(done(cloud.create(tasks(job, 10_000), job))) == 10_000
    assert (adds(proxy), len(proxy.requests)) == (100, 100)
    assert cloud.counts(Job(name=job, pool=job)).active == 10_000


def test_a_poll_is_one_small_request_whatever_the_number_of_tasks(cloud: Azure, proxy: Log, job: str) -> None:
    done(cloud.create(tasks(job, 2_000), job))
    proxy.requests.clear()
    cloud.counts(Job(name=job, pool=job))
    cloud.unfinished(Job(name=job, pool=job))
    assert [path.partition("?")[0].rpartition("/")[2] for _, path in proxy.requests] == ["taskcounts", "tasks"]


def test_what_was_added_before_an_interruption_is_there_and_no_request_follows_it(
    cloud: Azure, proxy: Log, job: str
) -> None:
    proxy.requests.clear()
    outcomes = cloud.create(tasks(job, 5_000), job)
    next(outcomes)
    outcomes.close()  # what Ctrl-C does to a generator that waits
    sent = adds(proxy)
    assert 1 <= sent <= 25  # those in flight and those whose turn was near, of fifty
    assert cloud.counts(Job(name=job, pool=job)).active == 100 * sent


def test_adding_is_taken_up_again_without_repeating_what_is_done(
    cloud: Azure, target: Target, proxy: Log, job: str
) -> None:
    wanted = tasks(job, 5_000)
    outcomes = cloud.create(wanted, job)
    list(islice(outcomes, 2_500))
    proxy.requests.clear()
    outcomes.close()  # type: ignore[attr-defined]  # it is a generator
    desired = Desired(owner=job, resources=(pool(job), Job(name=job, pool=job), *wanted))
    decided = diff(desired, cloud.batch(job, [job]))
    left = len(decided.of(Task, Action.CREATE))
    assert 0 < left <= 2_500
    proxy.requests.clear()
    assert [event for event in execute(decided, connect(target, SystemClock())) if isinstance(event, Failed)] == []
    assert adds(proxy) == left / 100
    assert cloud.counts(Job(name=job, pool=job)).active == 5_000


def test_a_task_that_no_request_can_hold_is_refused_and_the_others_are_added(cloud: Azure, job: str) -> None:
    wanted = (*tasks(job, 2), Task(job=job, id="huge", command_line="x" * 1_000_000, generation=1))
    outcomes = list(cloud.create(wanted, job))
    assert [(o.resource.name.partition("/")[2], bool(o.error)) for o in outcomes] == [
        ("t-0", False),
        ("t-1", False),
        ("huge", True),
    ]
    assert isinstance(outcomes[-1].error, CloudError)
    assert "more than a request may have" in str(outcomes[-1].error)


def said(**results: str) -> str:
    """An answer to tasks that are added, by their ids: a status, or the code of an error."""
    return json.dumps(
        {
            "value": [
                {"taskId": id.replace("_", "-"), "status": status}
                if status in ("success", "servererror")
                else {"taskId": id.replace("_", "-"), "status": "clienterror", "error": {"code": status}}
                for id, status in results.items()
            ]
        }
    )


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (said(t_0="success", t_1="TaskExists"), ["", "GET /jobs/j/tasks/t-1 was answered 403"]),
        (said(t_0="success", t_1="servererror"), ["", "gave up after"]),
        (said(t_0="success", t_1="InvalidPropertyValue"), ["", "task 't-1' was refused: InvalidPropertyValue"]),
        (said(t_0="success"), ["", "gave up after"]),
        (said(t_0="success", t_7="success"), ["", "gave up after"]),
        ('{"value": null}', ["the service did not say"] * 2),
        ("{}", ["the service did not say"] * 2),
        ('{"value": [5]}', ["the service did not say"] * 2),
        ("<html>", ["did not answer as Azure Batch does"] * 2),
    ],
)
def test_what_became_of_each_task_is_told_whatever_befell_another(
    monkeypatch: pytest.MonkeyPatch, answer: str, told: list[str]
) -> None:
    def refuse(_: Batch, path: str) -> Json:
        raise CloudError(f"GET {path} was answered 403", status=403)

    monkeypatch.setattr(Batch, "get", refuse)
    with answering(200, "application/json", answer) as target:
        session = connect(target, FakeClock())._session
        outcomes = list(task_adding.add_tasks(session, tasks("j", 2), plain))
    found = {outcome.resource.name.rpartition("/")[2]: str(outcome.error or "") for outcome in outcomes}
    assert len(outcomes) == 2
    assert all(expected in found[f"t-{n}"] for n, expected in enumerate(told))
    assert [bool(found[f"t-{n}"]) for n in range(2)] == list(map(bool, told))
