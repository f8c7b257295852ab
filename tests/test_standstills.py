"""Which tasks are those of a job: a spec whose job got another name has several of one generation."""

from types import SimpleNamespace
from typing import Any

from batchctl.verbs.standstills import held_of
from tests.reconcile.build import held_job, run

SPEC: Any = SimpleNamespace(name="word-count")


def test_only_the_tasks_of_this_job_and_generation() -> None:
    ours, before = held_job(name="count"), held_job(name="counted")
    of_others = [run("a", job="counted"), run("b", generation=2, job="count")]
    cloud: Any = SimpleNamespace(batch=lambda *_: (ours, before, *of_others, run("a", job="count")))
    assert held_of(SPEC, cloud, ours.id) == (ours, [run("a", job="count")])


def test_a_job_that_has_gone_meanwhile_is_none() -> None:
    cloud: Any = SimpleNamespace(batch=lambda *_: (run("a"),))
    assert held_of(SPEC, cloud, "count") == (None, [])
