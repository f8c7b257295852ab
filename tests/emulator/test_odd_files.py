"""Files that a task may leave and that hold up nobody: odd names, deep folders, links, what is gone again."""

import inspect
import shlex
import sys

import pytest
from azure.batch import models

from batchctl.emulator.node import tree

from .raw import VERSION, send
from .test_running import output, shell

ODD = ("no \udcff.utf8", "back\\slash", "per%cent", "ques?tion#mark", "new\nline", "ünïcode", "a 'quote'", "data:,x")
WRITES = f"""
import os
for name in {ODD!r}:
    open(name, "wb").write(os.fsencode(name))
os.mkdir("dir \\udcfe"); open("dir \\udcfe/in.utf8", "w").write("deep")
open("plain.utf8", "w").write("plain")
"""


def files_of(task) -> str:
    return task.url[task.url.index("/jobs/") :] + "/files"


def python(program: str) -> str:
    return f"python3 -c {shlex.quote(program)}"


def entries(local, path: str) -> dict[str, str]:
    """What is listed below wd, with the path of its URL."""
    found = send(local.url, "GET", f"{path}?{VERSION}&recursive=true").json["value"]
    below = [entry for entry in found if entry["name"].startswith("wd/")]
    return {entry["name"].removeprefix("wd/"): entry["url"].removeprefix(local.url) for entry in below}


def test_every_name_is_listed_read_and_deleted_by_its_url(local, run):
    path = files_of(run(python(WRITES)))
    found = entries(local, path)
    assert found.keys() == {*(name.replace("\udcff", "�") for name in ODD), "dir �", "dir �/in.utf8", "plain.utf8"}
    for name in ODD:
        url = f"{found[name.replace(chr(0xDCFF), '�')]}?{VERSION}"
        assert send(local.url, "GET", url).content == name.encode(errors="surrogateescape")
        assert send(local.url, "HEAD", url).status == 200
        assert send(local.url, "DELETE", url).status == 200
    assert send(local.url, "GET", f"{found['dir �/in.utf8']}?{VERSION}").content == b"deep"
    assert entries(local, path).keys() == {"dir �", "dir �/in.utf8", "plain.utf8"}
    assert send(local.url, "DELETE", f"{path}/wd%2Fdir%20%FE?{VERSION}&recursive=true").status == 200


def test_a_name_with_a_backslash_is_its_own_before_it_is_a_path(local, run):
    path = files_of(run(shell("mkdir a; echo slash > a/b; echo backslash > 'a\\b'")))
    assert send(local.url, "GET", f"{path}/wd%2Fa%5Cb?{VERSION}").content == b"backslash\n"
    assert send(local.url, "GET", f"{path}/wd%5Ca%2Fb?{VERSION}").content == b"slash\n"


@pytest.mark.parametrize("pattern", ["*.utf8", "**/*.utf8", "no*"])
def test_a_name_that_no_blob_can_have_keeps_no_other_at_home(run, blobs, pattern):
    blobs.blobs.clear()
    files = [output(blobs.container("odd"), pattern), output(blobs.container("odd"), "../stdout.txt", "out")]
    info = run(python(WRITES), output_files=files).execution_info
    assert (info.exit_code, info.failure_info.code) == (0, "FileUploadMiscError")
    told = {detail.name: detail.value for detail in info.failure_info.details}
    assert told["FilePattern"] == pattern
    assert "\\udcf" in told["FilePath"]
    assert told["Message"].startswith("the name of the file is no UTF-8, and names of blobs are")
    kept = {"odd/out"} if pattern == "no*" else {"odd/out", "odd/plain.utf8"}
    assert {name for name in blobs.blobs if name.startswith("odd/")} == kept


def test_all_names_that_were_not_sent_are_told(run, blobs):
    files = [output(blobs.container("all"), "*")]
    script = "[open(f'{n}\\x07', 'w') for n in 'abcdefgh']; open('good', 'w')"
    told = {d.name: d.value for d in run(python(script), output_files=files).execution_info.failure_info.details}
    assert told["FilePath"].endswith("a\x07")
    assert "nor was uploaded: b\x07, c\x07, d\x07, e\x07, f\x07 and 2 more (fileuploaderr.txt" in told["Message"]
    assert "all/good" in blobs.blobs


@pytest.mark.parametrize("odd", ["esc\x1b", "bell\x07", "form\x0c", "none\uffff"])
def test_a_name_that_no_listing_can_say_is_not_sent(run, blobs, odd):
    blobs.blobs.clear()
    files = [output(blobs.container("some"), "*")]
    info = run(python(f"open({odd!r}, 'w'); open('good', 'w')"), output_files=files).execution_info
    told = {detail.name: detail.value for detail in info.failure_info.details}
    assert told["Message"] == "the name of the file has a control character, and names of blobs have none"
    assert {*blobs.blobs} == {"some/good"}


def test_a_file_that_cannot_be_sent_keeps_no_other_at_home(run, blobs):
    blobs.blobs.clear()
    line = "echo a > a; mkfifo b; ln -s nowhere c; ln -s d d; echo e > e; ln -s /root/x f"
    info = run(shell(line), output_files=[output(blobs.container("some"), "*")]).execution_info
    assert (info.result, {*blobs.blobs}) == ("success", {"some/a", "some/e"})


def test_folders_deeper_than_python_walks(tmp_path):
    """The depth is one that every program can walk; it is Python that is allowed less."""
    deepest = tmp_path.joinpath("top", *["d"] * 400)
    deepest.mkdir(parents=True)
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + 200)
    try:
        assert sum(1 for _ in tree.all_below(tmp_path / "top")) == 400
        tree.remove_tree(tmp_path / "top")
    finally:
        sys.setrecursionlimit(before)
    assert list(tmp_path.iterdir()) == []


def test_files_that_come_and_go_while_they_are_listed(local, client, pool, name):
    client.create_job(models.BatchJobCreateOptions(id=name, pool_info=models.BatchPoolInfo(pool_id=pool)))
    line = "while :; do mkdir -p d/e; touch d/e/f g; rm -r d g; done"
    client.create_task(name, models.BatchTaskCreateOptions(id="t", command_line=shell(line)))
    replies = [send(local.url, "GET", f"/jobs/{name}/tasks/t/files?{VERSION}&recursive=true") for _ in range(200)]
    assert {reply.status for reply in replies} <= {200, 404}
    client.begin_terminate_job(name, {"terminateReason": "x"}, polling_interval=0.01).result()
