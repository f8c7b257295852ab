"""The files of tasks and nodes."""

import pytest
from azure.core.exceptions import ResourceNotFoundError

from .raw import VERSION, send
from .test_running import shell


def test_what_is_no_file_is_not_read(local, run):
    """To open a pipe is to wait for whoever writes into it."""
    task = run("mkfifo pipe")
    reply = send(local.url, "GET", task.url[task.url.index("/jobs/") :] + f"/files/wd/pipe?{VERSION}")
    assert (reply.status, reply.code) == (404, "FileNotFound")


@pytest.fixture
def path(run) -> str:
    """The URL path of the files of a task that wrote some."""
    line = "mkdir -p 'a b/c'; printf 0123456789 > 'a b/c/ten.txt'; echo > x.bin; ln -s /etc/passwd out; ln -s wd in"
    task = run(shell(line))
    return task.url[task.url.index("/jobs/") :] + "/files"


def names(reply) -> list[str]:
    return [entry["name"] for entry in reply.json["value"]]


def test_lists(local, path):
    assert names(send(local.url, "GET", f"{path}?{VERSION}")) == ["stderr.txt", "stdout.txt", "wd"]
    deep = send(local.url, "GET", f"{path}?{VERSION}&recursive=true")
    assert names(deep) == [
        *("stderr.txt", "stdout.txt", "wd", "wd/a b", "wd/a b/c", "wd/a b/c/ten.txt", "wd/in", "wd/out", "wd/x.bin"),
    ]
    entry = deep.json["value"][5]
    assert entry["url"].endswith("/files/wd/a%20b/c/ten.txt")
    assert entry["isDirectory"] is False
    assert (entry["properties"]["contentLength"], entry["properties"]["contentType"]) == ("10", "text/plain")
    some = send(local.url, "GET", f"{path}?{VERSION}&recursive=true&%24filter=startswith(name,'wd/a')&maxresults=2")
    assert names(some) == ["wd/a b", "wd/a b/c"]
    rest = some.json["odata.nextLink"].removeprefix(local.url)
    assert names(send(local.url, "GET", rest)) == ["wd/a b/c/ten.txt"]


def test_reading(local, path):
    reply = send(local.url, "GET", f"{path}/wd%2Fa%20b%2Fc%2Ften.txt?{VERSION}")
    assert (reply.status, reply.content) == (200, b"0123456789")
    assert (reply.headers["content-type"], reply.headers["content-length"]) == ("text/plain", "10")
    assert reply.headers["ocp-batch-file-isdirectory"] == "False"
    assert "etag" not in reply.headers
    head = send(local.url, "HEAD", f"{path}/wd/a%20b/c/ten.txt?{VERSION}")
    assert (head.status, head.content, head.headers["content-length"]) == (200, b"", "10")
    assert send(local.url, "GET", f"{path}/wd%5Ca%20b%5Cc%5Cten.txt?{VERSION}").content == b"0123456789"


@pytest.mark.parametrize(
    ("asked", "status", "content"),
    [
        ("bytes=2-4", 200, b"234"),
        ("bytes=7-", 200, b"789"),
        (f"bytes=7-{'9' * 18}", 200, b"789"),
        (f"bytes=7-{'9' * 5000}", 400, None),
        (f"bytes={'9' * 5000}-", 400, None),
        ("bytes=7-100", 200, b"789"),
        ("bytes=10-12", 416, None),
        ("bytes=4-2", 416, None),
        ("lines=1-2", 400, None),
    ],
)
def test_ranges(local, path, asked, status, content):
    reply = send(local.url, "GET", f"{path}/wd/a%20b/c/ten.txt?{VERSION}", headers={"ocp-range": asked})
    assert reply.status == status
    assert content is None or reply.content == content


@pytest.mark.parametrize(
    "file", ["wd/../../../../../shared", "../x", "wd/out", "wd/nothing", "wd%00", "%2Fetc%2Fpasswd"]
)
def test_what_is_not_there(local, path, file):
    reply = send(local.url, "GET", f"{path}/{file}?{VERSION}")
    assert (reply.status, reply.code) == (404, "FileNotFound")


def test_conditions(local, path):
    url = f"{path}/stdout.txt?{VERSION}"
    modified = send(local.url, "GET", url).headers["last-modified"]
    assert send(local.url, "GET", url, headers={"If-Modified-Since": modified}).status == 304
    old = "Thu, 01 Jan 1970 00:00:00 GMT"
    assert send(local.url, "GET", url, headers={"If-Unmodified-Since": old}).status == 412


def test_through_the_sdk(client, run):
    task = run(shell("printf text"))
    job = task.url.split("/jobs/")[1].split("/")[0]
    assert b"".join(client.download_task_file(job, "t", "stdout.txt")) == b"text"
    about = client.get_task_file_properties(job, "t", "stdout.txt")
    assert (about.content_length, about.is_directory) == (4, False)
    node = task.node_info
    name = f"{node.task_root_directory}/stdout.txt"
    assert b"".join(client.download_node_file(node.pool_id, node.node_id, name)) == b"text"
    client.delete_task_file(job, "t", "stdout.txt")
    with pytest.raises(ResourceNotFoundError):
        b"".join(client.download_task_file(job, "t", "stdout.txt"))
