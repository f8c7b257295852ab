"""Who may come in, and how every answer looks."""

import re
import socket
from email.utils import formatdate
from urllib.parse import urlsplit

import pytest

from .raw import VERSION, send


def test_a_good_request(local):
    reply = send(
        local.url, "GET", f"/pools?{VERSION}", headers={"client-request-id": "x", "ocp-date": formatdate(usegmt=True)}
    )
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json;odata=minimalmetadata"
    assert reply.headers["dataserviceversion"] == "3.0"
    assert re.fullmatch(r"[0-9a-f-]{36}", reply.headers["request-id"])
    assert "client-request-id" not in reply.headers
    assert reply.json["odata.metadata"] == f"{local.url}/$metadata#pools"


def test_the_client_request_id_comes_back_only_when_asked_for(local):
    headers = {"client-request-id": "mine", "return-client-request-id": "true"}
    assert send(local.url, "GET", f"/pools?{VERSION}", headers=headers).headers["client-request-id"] == "mine"


@pytest.mark.parametrize(
    ("headers", "signing", "status", "code"),
    [
        ({}, {"key": "d3Jvbmcga2V5IG9mIHNvbWUgbGVuZ3Ro"}, 403, "AuthenticationFailed"),
        ({}, {"account": "other"}, 403, "AuthenticationFailed"),
        ({"ocp-date": formatdate(0, usegmt=True)}, {}, 403, "AuthenticationFailed"),
        ({"ocp-date": "yesterday"}, {}, 403, "AuthenticationFailed"),
        ({"ocp-date": f"Thu, 01 Jan {'9' * 20} 00:00:00 GMT"}, {}, 403, "AuthenticationFailed"),
        ({"ocp-date": f"Thu, 01 Jan 2026 00:00:00 +{'9' * 30}"}, {}, 403, "AuthenticationFailed"),
        ({"Origin": "http://evil.example"}, {}, 403, "AuthenticationFailed"),
        ({"Sec-Fetch-Site": "cross-site"}, {}, 403, "AuthenticationFailed"),
        ({"Host": "evil.example"}, {}, 403, "AuthenticationFailed"),
        ({"Authorization": "SharedKey nonsense"}, None, 400, "InvalidAuthenticationInfo"),
        ({"Authorization": "Bearer token"}, None, 401, "AuthenticationFailed"),
        ({"Authorization": "Basic dG9rZW4="}, None, 401, "Unauthorized"),
        ({}, None, 401, "Unauthorized"),
    ],
)
def test_strangers_stay_out(local, headers, signing, status, code):
    path = f"/pools?{VERSION}"
    reply = send(local.url, "GET", path, headers=headers, signed=signing is not None, **(signing or {}))
    assert (reply.status, reply.code) == (status, code)


def test_a_signature_is_good_for_its_own_request_alone(local):
    from .raw import sign

    headers = {"ocp-date": formatdate(usegmt=True)}
    headers["Authorization"] = sign("GET", f"/pools?{VERSION}", headers)
    assert send(local.url, "GET", f"/jobs?{VERSION}", headers=headers, signed=False).status == 403
    assert send(local.url, "DELETE", f"/pools?{VERSION}", headers=headers, signed=False).status == 403


def test_error_bodies(local):
    reply = send(local.url, "GET", f"/pools/nothing?{VERSION}")
    assert (reply.status, reply.code) == (404, "PoolNotFound")
    message = reply.json["message"]
    assert message["lang"] == "en-US"
    first, request, time = message["value"].split("\n")
    assert first == "The specified pool does not exist."
    assert request == f"RequestId:{reply.headers['request-id']}"
    assert re.fullmatch(r"Time:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,7})?Z", time)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/pools", 400, "MissingRequiredQueryParameter"),
        ("GET", "/pools?api-version=1999-01-01", 400, "UnsupportedRequestVersion"),
        ("GET", f"/swimmingpools?{VERSION}", 400, "InvalidUri"),
        ("GET", f"/certificates?{VERSION}", 400, "InvalidUri"),
        ("GET", f"/?{VERSION}", 400, "InvalidUri"),
        ("PUT", f"/pools?{VERSION}", 405, "UnsupportedHttpVerb"),
        ("GET", f"/pools?{VERSION}&maxresults=0", 400, "InvalidQueryParameterValue"),
        ("GET", f"/pools?{VERSION}&maxresults=1001", 400, "OutOfRangeQueryParameterValue"),
        ("GET", f"/pools?{VERSION}&maxresults=x", 400, "InvalidQueryParameterValue"),
        ("GET", f"/pools?{VERSION}&%24skiptoken=X", 400, "InvalidQueryParameterValue"),
        ("GET", f"/pools?{VERSION}&%24skiptoken={'9' * 5000}", 400, "InvalidQueryParameterValue"),
        ("GET", f"/pools?{VERSION}&%24skiptoken=%D9%A3", 400, "InvalidQueryParameterValue"),
        ("GET", f"/pools?{VERSION}&maxresults={'9' * 5000}", 400, "InvalidQueryParameterValue"),
        ("GET", f"/pools?{VERSION}&timeout={'9' * 5000}", 400, "InvalidQueryParameterValue"),
    ],
)
def test_bad_addresses(local, method, path, status, code):
    reply = send(local.url, method, path)
    assert (reply.status, reply.code) == (status, code)


@pytest.mark.parametrize("version", ["2025-06-01", "2024-07-01.20.0", "2024-02-01.19.0", "2022-10-01.16.0"])
def test_versions(local, version):
    assert send(local.url, "GET", f"/pools?api-version={version}").status == 200


@pytest.mark.parametrize("name", ["If-Modified-Since", "If-Unmodified-Since"])
@pytest.mark.parametrize("time", ["soon", f"Thu, 01 Jan {'9' * 20} 00:00:00 GMT", f"1 Jan 2026 00:00:00 +{'9' * 30}"])
def test_headers_that_are_no_time(local, pool, name, time):
    reply = send(local.url, "GET", f"/pools/{pool}?{VERSION}", headers={name: time})
    assert (reply.status, reply.code) == (400, "InvalidHeaderValue")


def test_a_body_that_is_too_large(local):
    reply = send(local.url, "POST", f"/pools?{VERSION}", b" " * (5 << 20))
    assert (reply.status, reply.code) == (413, "RequestBodyTooLarge")


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff", b'{"id": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_object(local, body):
    reply = send(local.url, "POST", f"/pools?{VERSION}", body)
    assert (reply.status, reply.code) == (400, "InvalidRequestBody")


def test_the_status_is_signed_too(local):
    assert send(local.url, "GET", "/_local/status", signed=False).status == 401
    status = send(local.url, "GET", "/_local/status").json
    kept = {"aheadSeconds", "timeScale", "faults"}
    assert status.keys() == {"idleSeconds", "runningTasks", "activeTasks", "pools", "pid", *kept}


def test_asking_for_the_status_is_no_activity(local):
    send(local.url, "GET", f"/pools?{VERSION}")
    first = send(local.url, "GET", "/_local/status").json["idleSeconds"]
    assert send(local.url, "GET", "/_local/status").json["idleSeconds"] > first


def test_an_answer_is_one_segment(local):
    """Two segments cost 40 ms where Nagle meets delayed acknowledgement: the first read has the whole answer."""
    from .raw import sign

    headers = {"ocp-date": formatdate(usegmt=True)}
    path = f"/supportedimages?{VERSION}"
    address = urlsplit(local.url)
    head = f"GET {path} HTTP/1.1\r\nHost: {address.netloc}\r\nocp-date: {headers['ocp-date']}\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(f"{head}Authorization: {sign('GET', path, headers)}\r\n\r\n".encode())
        first = connection.recv(1 << 20)
    header, _, body = first.partition(b"\r\n\r\n")
    length = int(re.search(rb"content-length: (\d+)", header.lower())[1])
    assert len(body) == length > 0
