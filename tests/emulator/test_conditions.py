"""Conditional headers on every operation that the API gives them to: what does not hold is done by nobody."""

import pytest

from .raw import VERSION, send

MACHINE = {"imageReference": {"offer": "x"}, "nodeAgentSKUId": "batch.node.ubuntu 24.04"}
PAST, FUTURE = "Mon, 01 Jan 2001 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
INFO = {"poolInfo": {"poolId": "nowhere"}}
READS = [("GET", "/pools/c"), ("HEAD", "/pools/c"), ("GET", "/jobs/c"), ("GET", "/jobs/c/tasks/c")]
READS += [("GET", "/jobschedules/c"), ("HEAD", "/jobschedules/c")]
WRITES = [
    ("PATCH", "/pools/c", {}),
    ("DELETE", "/pools/c", None),
    ("POST", "/pools/c/resize", {"targetDedicatedNodes": 0}),
    ("POST", "/pools/c/stopresize", None),
    ("POST", "/pools/c/removenodes", {"nodeList": ["n"]}),
    ("POST", "/pools/c/enableautoscale", {"autoScaleFormula": "$TargetDedicatedNodes=0"}),
    ("PATCH", "/jobs/c", {}),
    ("PUT", "/jobs/c", INFO),
    ("DELETE", "/jobs/c", None),
    ("POST", "/jobs/c/disable", {"disableTasks": "wait"}),
    ("POST", "/jobs/c/enable", None),
    ("POST", "/jobs/c/terminate", None),
    ("PUT", "/jobs/c/tasks/c", {"constraints": {}}),
    ("DELETE", "/jobs/c/tasks/c", None),
    ("POST", "/jobs/c/tasks/c/terminate", None),
    ("POST", "/jobs/c/tasks/c/reactivate", None),
    ("PATCH", "/jobschedules/c", {}),
    ("PUT", "/jobschedules/c", {"schedule": {}, "jobSpecification": INFO}),
    ("DELETE", "/jobschedules/c", None),
    ("POST", "/jobschedules/c/disable", None),
    ("POST", "/jobschedules/c/enable", None),
    ("POST", "/jobschedules/c/terminate", None),
]


@pytest.fixture(scope="module")
def url(local):
    """A service with an object of each kind, all named c."""
    made = [
        ("/pools", {"id": "c", "vmSize": "Standard_D2s_v5", "virtualMachineConfiguration": MACHINE}),
        ("/jobs", {"id": "c", **INFO}),
        ("/jobs/c/tasks", {"id": "c", "commandLine": "true"}),
        ("/jobschedules", {"id": "c", "schedule": {}, "jobSpecification": INFO}),
    ]
    for path, body in made:
        assert send(local.url, "POST", f"{path}?{VERSION}", body).status == 201
    return local.url


def tag(url, path):
    """The ETag of the object that a path is about."""
    parts = path.split("/")[:5] if "/tasks/" in path else path.split("/")[:3]
    return send(url, "GET", f"{'/'.join(parts)}?{VERSION}").headers["etag"]


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
def test_writes(url, method, path, body):
    etag = tag(url, path)
    unmet = [
        {"If-Match": "0x0"},
        {"If-Match": '"0x0"'},
        {"If-None-Match": etag},
        {"If-None-Match": "*"},
        {"If-Unmodified-Since": PAST},
        {"If-Modified-Since": FUTURE},
    ]
    for headers in unmet:
        reply = send(url, method, f"{path}?{VERSION}", body, headers)
        assert (reply.status, reply.code) == (412, "ConditionNotMet"), headers
    assert tag(url, path) == etag


@pytest.mark.parametrize(("method", "path"), READS)
def test_reads(url, method, path):
    etag = tag(url, path)
    for headers in ({"If-None-Match": etag}, {"If-None-Match": f'"{etag}"'}, {"If-Modified-Since": FUTURE}):
        reply = send(url, method, f"{path}?{VERSION}", headers=headers)
        assert (reply.status, reply.content) == (304, b""), headers
    for headers in ({"If-Match": "0x0"}, {"If-Unmodified-Since": PAST}):
        assert send(url, method, f"{path}?{VERSION}", headers=headers).status == 412, headers
    for headers in ({"If-Match": etag}, {"If-Match": "*"}, {"If-None-Match": "0x0"}, {"If-Modified-Since": PAST}):
        assert send(url, method, f"{path}?{VERSION}", headers=headers).status == 200, headers


def test_a_time_that_is_none(url):
    reply = send(url, "GET", f"/pools/c?{VERSION}", headers={"If-Modified-Since": "soon"})
    assert (reply.status, reply.code) == (400, "InvalidHeaderValue")


def test_headers_of_every_answer(url):
    headers = {"client-request-id": "9c4d50ee-2d56-4cd3-8152-34347dc9f2b0", "return-client-request-id": "true"}
    found = send(url, "GET", f"/pools/c?{VERSION}", headers=headers).headers
    assert found["client-request-id"] == headers["client-request-id"]
    assert found["dataserviceversion"] == "3.0"
    assert {"request-id", "date", "etag", "last-modified"} <= found.keys()
    missing = send(url, "GET", f"/pools/none?{VERSION}", headers=headers)
    assert missing.headers["client-request-id"] == headers["client-request-id"]
    assert f"RequestId:{missing.headers['request-id']}" in missing.json["message"]["value"]
    assert "client-request-id" not in send(url, "GET", f"/pools/c?{VERSION}").headers
    assert send(url, "HEAD", f"/pools/none?{VERSION}").content == b""
