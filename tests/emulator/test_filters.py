"""Each property that $filter may name, with each operator: what is found is what the property's value says."""

import datetime
from urllib.parse import quote

import pytest
from azure.batch import models

from batchctl.emulator import times
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire import checks, odata, views

from .conftest import completed, new_job, ready_pool
from .raw import VERSION, send

JOB_FILTERS, TASK_FILTERS, POOL_FILTERS = views.JOB.filters, views.TASK.filters, views.POOL.filters
LISTS = {
    "/pools": POOL_FILTERS,
    "/pools/filtered/nodes": views.NODE_FILTERS,
    "/jobs": JOB_FILTERS,
    "/jobschedules/filtered/jobs": JOB_FILTERS,
    "/jobs/filtered/tasks": TASK_FILTERS,
    "/jobschedules": views.SCHEDULE.filters,
    "/jobs/filtered/jobpreparationandreleasetaskstatus": views.PREPARATION_FILTERS,
}
HOLDS = {"eq": True, "ne": False, "ge": True, "le": True, "gt": False, "lt": False}
ALIAS = {"lastModifiedTime": "lastModified"}


@pytest.fixture(scope="module")
def account(local, client):
    """One pool, job, task and schedule, all of them ended, so that each property has a value."""
    start = models.BatchStartTask(command_line="true")
    ready_pool(client, "filtered", start_task=start)
    prepare = models.BatchJobPreparationTask(command_line="true")
    release = models.BatchJobReleaseTask(command_line="true")
    new_job(client, "filtered", "filtered", job_preparation_task=prepare, job_release_task=release)
    client.create_task("filtered", models.BatchTaskCreateOptions(id="filtered", command_line="false"))
    completed(client, "filtered", "filtered")
    now = datetime.datetime.now(datetime.UTC)
    rule = models.BatchJobScheduleConfiguration(
        do_not_run_until=now - datetime.timedelta(hours=1),
        do_not_run_after=now + datetime.timedelta(hours=1),
        start_window=datetime.timedelta(hours=8),
        recurrence_interval=datetime.timedelta(hours=5),
    )
    specification = models.BatchJobSpecification(pool_info=models.BatchPoolInfo(pool_id="filtered"))
    client.create_job_schedule(
        models.BatchJobScheduleCreateOptions(id="filtered", schedule=rule, job_specification=specification)
    )
    options = {"polling_interval": 0.01}
    client.begin_terminate_job("filtered", {"terminateReason": "x"}, **options).result()
    client.begin_terminate_job_schedule("filtered", **options).result()
    return local.url


def ask(url, path, expression):
    reply = send(url, "GET", f"{path}?{VERSION}&$filter={quote(expression, safe='')}")
    assert reply.status == 200, reply.content
    return reply.json["value"]


def value_of(entry, path):
    for name in ALIAS.get(path, path).split("/"):
        entry = entry.get(name) if entry else None
    return entry


def literal(value):
    if isinstance(value, bool | int):
        return str(value).lower()
    return f"DateTime'{value}'" if value.endswith("Z") and "T" in value else f"'{value}'"


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in LISTS.items() for name in sorted(names)])
def test_each_property(account, path, name):
    everything = send(account, "GET", f"{path}?{VERSION}").json["value"]
    entry = next(one for one in everything if "filtered" in str(one))
    value = value_of(entry, name)
    if value is None:  # no interval of a schedule that is over, for one
        assert ask(account, path, f"{name} ne 'x'") == everything
        return
    for operator, holds in HOLDS.items():
        found = ask(account, path, f"{name} {operator} {literal(value)}")
        assert (entry in found) is holds, operator


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("startswith(id,'FILT')", True),
        ("startswith(id,'x')", False),
        ("(id eq 'filtered' or id eq 'x') and state eq 'completed'", True),
        ("not (id eq 'filtered')", False),
        ("executionInfo/exitCode gt 0", True),
        ("executionInfo/result eq 'failure'", True),
        ("creationTime gt datetime'2020-01-01T00:00:00Z'", True),
        ("creationTime lt DateTime'2020-01-01'", False),
        ("state eq 'Completed'", True),
        (" or ".join([*["id eq 'x'"] * 600, "id eq 'filtered'"]), True),
        (" and ".join([*["id ne 'x'"] * 600, "id eq 'filtered'"]), True),
        (" or ".join(["id eq 'x' and not(id eq 'y')"] * 300), False),
        (f"executionInfo/exitCode lt {'9' * 5000}", True),
        (f"executionInfo/exitCode lt -{'9' * 5000}", False),
        (f"executionInfo/exitCode lt {'9' * 5000}.5", True),
        (f"id eq {'9' * 5000}", False),
    ],
)
def test_expressions(account, expression, holds):
    assert bool(ask(account, "/jobs/filtered/tasks", expression)) is holds


def test_terms_as_many_as_anybody_writes():
    for word, holds in {"or": True, "and": False}.items():
        found = odata.parse_filter(f" {word} ".join(f"id eq '{number}'" for number in range(20_000)), frozenset({"id"}))
        assert found.test({"id": "19999"}.get) is holds


@pytest.mark.parametrize(
    "expression",
    [
        "id",
        "id eq",
        "id eq 'a' and",
        "(id eq 'a'",
        "id like 'a'",
        "commandLine eq 'a'",
        "id eq 'a' 'b'",
        "startswith(id)",
    ],
)
def test_expressions_that_are_none(account, expression):
    reply = send(account, "GET", f"/jobs/filtered/tasks?{VERSION}&$filter={quote(expression, safe='')}")
    assert (reply.status, reply.code) == (400, "InvalidQueryParameterValue")
    assert reply.json["values"][0] == {"key": "QueryParameterName", "value": "$filter"}


def test_selected_properties_of_entries(account):
    path = "/jobs/filtered/jobpreparationandreleasetaskstatus"
    found = send(account, "GET", f"{path}?{VERSION}&$select=nodeId,poolId").json["value"]
    assert [sorted(entry) for entry in found] == [["nodeId", "poolId"]]


@pytest.mark.parametrize("text", ["PT\u0663M", "P\u0663D", "PT1.\u0663S", "P1W", "P1W2D"])
def test_durations_are_those_of_xml_schema(text: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        times.duration(text)


@pytest.mark.parametrize("text", ["\u0663", "-\u0663", "1\u0663"])
def test_integers_have_the_digits_of_json(text: str) -> None:
    with pytest.raises(Refusal):
        checks.number()(text, "priority")


def test_filters_have_the_letters_and_digits_of_the_wire() -> None:
    for text in ("priority eq \u0663", "creationTime ge 2026-01-0\u0663T00:00:00Z", "priorit\u00e9 eq 1"):
        with pytest.raises(Refusal):
            odata.parse_filter(text, frozenset({"priority", "creationTime"}))
