"""Tasks run for real: command lines, environment, files in and out, exits, limits."""

import gzip
import hashlib
import os
import shlex
from datetime import timedelta
from pathlib import Path

import pytest
from azure.batch import models

from batchctl.emulator.auto_storage import AutoStorage, by_loopback
from batchctl.emulator.node.blobs import fetch_blob

from .conftest import completed, new_job, pool_options, ready_pool, text
from .stand import until


def shell(line: str) -> str:
    return f"/bin/bash -c {shlex.quote(line)}"


def gone(pid: int) -> bool:
    """Whether a process has ended (a zombie that nobody reaped counts as ended)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_success(run, client):
    task = run("echo hello")
    assert (task.execution_info.exit_code, task.execution_info.result) == (0, "success")
    assert task.execution_info.failure_info is None
    assert task.node_info.task_root_directory.startswith("workitems/job-")
    assert text(client, task) == "hello\n"
    assert text(client, task, "stderr.txt") == ""


def test_no_shell_stands_between(run, client):
    task = run("""printf '%s\\n' $HOME "two words" a&&b * "it's" x\\ y""")
    assert text(client, task).splitlines() == ["$HOME", "two words", "a&&b", "*", "it's", "x y"]


def test_exit_code_is_told(run):
    task = run(shell("exit 7"))
    info = task.execution_info
    assert (info.exit_code, info.result, info.failure_info.code) == (7, "failure", "FailureExitCode")
    assert info.failure_info.category == "UserError"
    details = [(detail.name, detail.value) for detail in info.failure_info.details]
    assert details == [  # as recorded
        ("Message", "The task process exited with an unexpected exit code"),
        ("AdditionalErrorCode", "FailureExitCode"),
    ]


@pytest.mark.parametrize(
    ("said", "code"), [("kill -9 $$", -9), ("kill -TERM $$", -15), ("sh -c 'kill -9 $$'; exit $?", 137)]
)
def test_death_by_signal(run, said, code):
    assert run(shell(said)).execution_info.exit_code == code


@pytest.mark.parametrize(
    ("line", "code", "why"),
    [
        (
            "no-such-program -x 'a b'",
            "CommandProgramNotFound",
            None,
        ),
        ("./tool.sh", "CommandProgramNotFound", None),
        ("/etc", "CommandLaunchFailed", "'/etc' is no file that may be executed"),
        ("''", "CommandProgramNotFound", None),
        ("echo 'open", "CommandLaunchFailed", "No closing quotation"),
    ],
)
def test_a_program_that_cannot_be_started_is_named(run, line, code, why):
    info = run(line).execution_info
    assert (info.exit_code, info.failure_info.code) == (None, code)
    details = {detail.name: detail.value for detail in info.failure_info.details}
    not_found = {"Message": "The system cannot find the file specified"}
    assert details == ({"CommandLine": line, "Message": why} if why else not_found)


@pytest.mark.parametrize(
    ("command", "setting"),
    [
        ("echo \0", None),
        ("true", ("A=B", "c")),
        ("true", ("A\0", "c")),
        ("true", ("A", "c\0")),
        ("true", ("A", "c" * 200_000)),
    ],
)
def test_what_no_process_can_be_given_ends_the_task(run, command, setting):
    settings = setting and [models.EnvironmentSetting(name=setting[0], value=setting[1])]
    info = run(command, environment_settings=settings).execution_info
    assert (info.exit_code, info.failure_info.code) == (None, "CommandLaunchFailed")


def test_environment(run, client, local, monkeypatch):
    settings = [models.EnvironmentSetting(name="MINE", value="x=y"), models.EnvironmentSetting(name="LANG", value="C")]
    task = run("env", environment_settings=settings)
    seen = dict(line.split("=", 1) for line in text(client, task).splitlines())
    root = str(local.home / "nodes" / task.node_info.pool_id / task.node_info.node_id)
    directory = f"{root}/{task.node_info.task_root_directory}"
    assert seen == {
        "PATH": os.environ["PATH"],
        "HOME": f"{directory}/wd",
        "LANG": "C",
        "MINE": "x=y",
        "AZ_BATCH_ACCOUNT_NAME": "local",
        "AZ_BATCH_ACCOUNT_URL": local.url,
        "AZ_BATCH_POOL_ID": task.node_info.pool_id,
        "AZ_BATCH_NODE_ID": task.node_info.node_id,
        "AZ_BATCH_NODE_IS_DEDICATED": "true",
        "AZ_BATCH_NODE_ROOT_DIR": root,
        "AZ_BATCH_NODE_SHARED_DIR": f"{root}/shared",
        "AZ_BATCH_NODE_STARTUP_DIR": f"{root}/startup",
        "AZ_BATCH_NODE_STARTUP_WORKING_DIR": f"{root}/startup/wd",
        "AZ_BATCH_NODE_MOUNTS_DIR": f"{root}/fsmounts",
        "AZ_BATCH_TASK_DIR": directory,
        "AZ_BATCH_TASK_WORKING_DIR": f"{directory}/wd",
        "AZ_BATCH_CERTIFICATES_DIR": f"{directory}/certs",
        "AZ_BATCH_TASK_RESERVED_EPHEMERAL_DISK_SPACE_BYTES": "1000000",
        "AZ_BATCH_JOB_ID": task.node_info.task_root_directory.split("/")[1],
        "AZ_BATCH_TASK_ID": "t",
    }


def test_standard_input_is_empty_and_no_descriptor_leaks(run, client):
    task = run(shell("cat; ls /proc/self/fd | wc -l"))
    assert text(client, task) == "4\n"  # 0, 1, 2 and the listing itself


def test_a_process_left_behind_is_ended(run, client):
    task = run(shell("sleep 1000 & echo $!"))
    pid = int(text(client, task))
    until(lambda: gone(pid), "the end of the process")


def test_max_wall_clock_time_ends_the_whole_group(client, pool, name, local):
    job = new_job(client, name, pool)
    limit = models.BatchTaskConstraints(max_wall_clock_time=timedelta(seconds=50))
    line = shell("sleep 1000 & echo $!; wait")
    client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line=line, constraints=limit))
    pid = int(until(lambda: started_text(client, job), "the first line"))
    assert client.get_task(job, "t").state == "running"
    local.turn(51)
    task = completed(client, job, "t")
    assert (task.execution_info.exit_code, task.execution_info.result) == (None, "failure")
    assert task.execution_info.failure_info.code == "MaxWallClockTimeExpiry"
    until(lambda: gone(pid), "the end of the process")


def started_text(client, job: str) -> str:
    if client.get_task(job, "t").state != "running":
        return ""
    names = [file.name for file in client.list_task_files(job, "t")]
    return b"".join(client.download_task_file(job, "t", "stdout.txt")).decode() if "stdout.txt" in names else ""


def test_retries(run, client):
    constraints = models.BatchTaskConstraints(max_task_retry_count=2)
    line = shell("echo x >> tries; [ $(wc -l < tries) = 3 ]")
    task = run(line, constraints=constraints)
    info = task.execution_info
    assert (info.exit_code, info.retry_count, info.requeue_count) == (0, 2, 0)
    assert info.last_retry_time is not None


def test_a_pipe_in_place_of_a_stream_holds_up_nobody(run, blobs):
    constraints = models.BatchTaskConstraints(max_task_retry_count=1)
    for line in ("rm ../stdout.txt; mkfifo ../stdout.txt; exit 1", "cd ..; rmdir wd; touch wd; exit 1"):
        info = run(shell(line), constraints=constraints).execution_info
        assert (info.retry_count, info.failure_info.code) == (1, "CommandLaunchFailed")
    files = [output(blobs.container("piped"), "x")]
    info = run(shell("touch x; mkfifo ../fileuploadout.txt"), output_files=files).execution_info
    assert (info.exit_code, info.failure_info.code) == (0, "FileUploadMiscError")


def test_retries_end(run):
    task = run("false", constraints=models.BatchTaskConstraints(max_task_retry_count=1))
    assert (task.execution_info.exit_code, task.execution_info.retry_count) == (1, 1)


def test_resource_file_by_url(run, client, blobs):
    file = models.ResourceFile(
        http_url=blobs.blob("in/a b.txt".replace(" ", "-"), b"text"), file_path="sub/x", file_mode="0755"
    )
    task = run(shell("cat sub/x; stat -c %a sub/x"), resource_files=[file])
    assert text(client, task) == "text755\n"


def test_a_resource_file_is_the_bytes_of_the_blob(run, client, blobs):
    """Whatever its Content-Encoding says: what is stored is what the task is to read."""
    stored = gzip.compress(b"plain", mtime=0)
    url = blobs.blob("in/packed.gz", stored)
    blobs.blobs["in/packed.gz"] = (stored, {"x-ms-blob-content-encoding": "gzip"})
    task = run(shell("md5sum < packed.gz"), resource_files=[models.ResourceFile(http_url=url, file_path="packed.gz")])
    assert text(client, task).split()[0] == hashlib.md5(stored, usedforsecurity=False).hexdigest()


def test_resource_files_of_a_container(run, client, blobs):
    blobs.blob("many/d/one.txt", b"1")
    blobs.blob("many/d/zwei ü.txt", b"2")
    blobs.blob("many/other.txt", b"3")
    file = models.ResourceFile(storage_container_url=blobs.container("many"), blob_prefix="d/", file_path="got")
    file.file_mode = "0750"
    task = run(shell("find . -type f -printf '%p %m\\n' | sort"), resource_files=[file])
    assert text(client, task).splitlines() == ["./got/d/one.txt 750", "./got/d/zwei ü.txt 750"]


def test_no_file_is_made_of_what_only_stands_for_a_folder(run, client, blobs):
    blobs.blobs["lake/d"] = (b"", {"x-ms-meta-hdi_isfolder": "true"})
    blobs.blobs["lake/d/e"] = (b"", {"x-ms-meta-is_directory": "true"})
    blobs.blob("lake/d/slash/", b"")
    blobs.blob("lake/d/e/one.txt", b"1")
    blobs.blob("lake/d/empty.txt", b"")
    file = models.ResourceFile(storage_container_url=blobs.container("lake"))
    task = run(shell("find . -type f | sort"), resource_files=[file])
    assert text(client, task).splitlines() == ["./d/e/one.txt", "./d/empty.txt"]


@pytest.mark.parametrize(
    ("url", "path", "code"),
    [
        ("in/nothing", "x", "BlobNotFound"),
        ("secret/x", "x", "BlobAccessDenied"),
        ("http://127.0.0.1:1/refused", "x", "BlobDownloadMiscError"),
        ("in/there", "../../x", "ResourceFileCreateFailed"),
        ("in/there", "/etc/x", "ResourceFileCreateFailed"),
    ],
)
def test_resource_files_that_fail(run, blobs, url, path, code):
    blobs.blob("in/there", b"")
    blobs.denied.add("secret")
    place = url if "://" in url else f"{blobs.url}/{url}"
    file = models.ResourceFile(http_url=f"{place}?sig=x", file_path=path)
    constraints = models.BatchTaskConstraints(max_task_retry_count=3)
    info = run("echo never", resource_files=[file], constraints=constraints).execution_info
    assert (info.exit_code, info.result, info.failure_info.code) == (None, "failure", code)
    assert info.retry_count == 0
    told = {detail.name: detail.value for detail in info.failure_info.details}
    assert (told["BlobSource"], told["FilePath"]) == (place, path)
    assert told["Message"]
    assert "sig=" not in str(info.failure_info.as_dict())


def output(container: str, pattern: str, path: str | None = None, condition: str = "tasksuccess", headers=()):
    given = [models.OutputFileUploadHeader(name=key, value=value) for key, value in headers]
    place = models.OutputFileBlobContainerDestination(container_url=container, path=path, upload_headers=given or None)
    return models.OutputFile(
        file_pattern=pattern,
        destination=models.OutputFileDestination(container=place),
        upload_options=models.OutputFileUploadConfiguration(upload_condition=condition),
    )


def test_output_files(run, client, blobs):
    out = blobs.container("out")
    headers = [("x-ms-meta-owner", "me"), ("Content-Type", "text/x-made")]
    files = [
        output(out, "one.txt", "given/name", headers=headers),
        output(out, "sub/*.csv", "tables"),
        output(out, "**/*.log"),
        output(out, "../std*.txt", "streams", "taskcompletion"),
        output(out, "one.txt", "never", "taskfailure"),
        output(out, "nothing-*", "never"),
    ]
    line = "echo 1 > one.txt; mkdir -p sub/deep; touch sub/a.csv sub/deep/b.csv top.log sub/deep/in.log; echo out"
    task = run(shell(line), output_files=files)
    assert task.execution_info.result == "success"
    names = sorted(name for name in blobs.blobs if name.startswith("out/"))
    assert names == [
        "out/given/name",
        "out/streams/stderr.txt",
        "out/streams/stdout.txt",
        "out/sub/deep/in.log",
        "out/tables/a.csv",
        "out/top.log",
    ]
    content, sent = blobs.blobs["out/given/name"]
    assert (content, sent["x-ms-meta-owner"], sent["content-type"]) == (b"1\n", "me", "text/x-made")
    assert "one.txt -> given/name" in text(client, task, "fileuploadout.txt")


def test_a_wildcard_in_brackets_is_itself(run, blobs):
    """REST: OutputFile.filePattern."""
    out = blobs.container("brackets")
    patterns = ("a[*]b", "q[?]", "[[]x]", "f[[]1]/*", "s[&&]", "t[~~]", "u[||]")
    line = "mkdir 'f[1]' f1; touch 'a*b' axb 'q?' qq '[x]' x 'f[1]/in' f1/out 's&' sx 't~' 'u|'"
    task = run(shell(line), output_files=[output(out, pattern, "p") for pattern in patterns])
    assert task.execution_info.result == "success"
    names = sorted(name for name in blobs.blobs if name.startswith("brackets/"))
    assert names == [f"brackets/p/{name}" for name in ("[x]", "a*b", "f[1]/in", "q?", "s&", "t~", "u|")]


@pytest.mark.parametrize(
    ("pattern", "place", "headers"),
    [
        ("[z-a]", None, ()),
        ("x", None, [("bad\nname", "y")]),
        ("x", None, [("x-ms-meta-a", "b\r\nc: d")]),
        ("x", "no URL", ()),
    ],
)
def test_output_files_that_cannot_be(run, blobs, pattern, place, headers):
    files = [output(place or blobs.container("odd"), pattern, headers=headers)]
    info = run(shell("touch x"), output_files=files).execution_info
    assert (info.exit_code, info.failure_info.code) == (0, "FileUploadMiscError")


def test_output_files_of_a_failure(run, blobs):
    out = blobs.container("failures")
    files = [
        output(out, "x", "success"),
        output(out, "x", "failure", "taskfailure"),
        output(out, "x", "any", "taskcompletion"),
    ]
    run(shell("touch x; exit 1"), output_files=files)
    assert sorted(name for name in blobs.blobs if name.startswith("failures/")) == ["failures/any", "failures/failure"]


def test_output_files_of_the_whole_node(run, blobs):
    out = blobs.container("node")
    line = (
        "mkdir -p $AZ_BATCH_NODE_SHARED_DIR/deep; echo 1 > $AZ_BATCH_NODE_SHARED_DIR/deep/s.txt; ln -s ../stdout.txt l"
    )
    files = [
        output(out, "$AZ_BATCH_NODE_SHARED_DIR/deep/s.txt"),
        output(out, "${AZ_BATCH_NODE_SHARED_DIR}/**/s.txt", "all"),
        output(out, "../../../../../shared/deep/*", "up"),
        output(out, "l", "link"),
    ]
    task = run(shell(line), output_files=files)
    assert task.execution_info.result == "success", task.execution_info.failure_info
    assert sorted(name for name in blobs.blobs if name.startswith("node/")) == [
        "node/all/deep/s.txt",
        "node/link",
        "node/s.txt",
        "node/up/s.txt",
    ]


@pytest.mark.parametrize(
    "pattern",
    ["link", "*", "dir/secret", "dir/*", "{}/secret", "{}/*", "{}/none", "../" * 30 + "**/*.txt", "/**/secret"],
)
def test_output_files_outside_the_node_are_refused_by_name(run, client, blobs, tmp_path, pattern):
    """REST takes absolute paths; here a node is a directory of this machine, and the rest of it is nobody's output."""
    (tmp_path / "secret").write_text("x")
    out = blobs.container("outside")
    files = [output(out, pattern.format(tmp_path))]
    task = run(shell(f"ln -s {tmp_path}/secret link; ln -s {tmp_path} dir; ln -s loop loop"), output_files=files)
    failure = task.execution_info.failure_info
    assert (task.execution_info.result, failure.code) == ("failure", "FileUploadMiscError")
    assert any("outside the node's directory" in detail.value for detail in failure.details)
    assert "outside the node's directory" in text(client, task, "fileuploaderr.txt")
    assert not [name for name in blobs.blobs if name.startswith("outside/")]


def test_a_node_is_where_the_service_put_it_whatever_a_client_says(run, blobs, tmp_path):
    (tmp_path / "secret").write_text("x")
    settings = [models.EnvironmentSetting(name="AZ_BATCH_NODE_ROOT_DIR", value=str(tmp_path))]
    files = [output(blobs.container("claimed"), f"{tmp_path}/secret")]
    info = run(shell("true"), output_files=files, environment_settings=settings).execution_info
    assert info.failure_info.code == "FileUploadMiscError"


@pytest.mark.parametrize(
    ("container", "code"), [("nowhere", "FileUploadContainerNotFound"), ("closed", "FileUploadAccessDenied")]
)
def test_upload_that_fails(run, blobs, container, code):
    blobs.denied.add("closed")
    files = [output(f"{blobs.url}/{container}?sig=x", "x")]
    info = run(shell("touch x"), output_files=files).execution_info
    assert (info.exit_code, info.result, info.failure_info.code) == (0, "failure", code)


def test_start_task_runs_once_on_each_node(client, name, blobs):
    url = blobs.blob("in/tool.sh", b"echo tool")
    start = models.BatchStartTask(
        command_line=shell("cp tool.sh $AZ_BATCH_NODE_SHARED_DIR; echo x >> $AZ_BATCH_NODE_SHARED_DIR/runs; env"),
        resource_files=[models.ResourceFile(http_url=url, file_path="tool.sh")],
        wait_for_success=True,
    )
    ready_pool(client, name, nodes=2, start_task=start)
    for node in client.list_nodes(name):
        assert (node.start_task_info.exit_code, node.start_task_info.result) == (0, "success")
        read = b"".join(client.download_node_file(name, node.id, "shared/runs"))
        assert read == b"x\n"
        seen = b"".join(client.download_node_file(name, node.id, "startup/stdout.txt")).decode()
        assert "AZ_BATCH_NODE_STARTUP_DIR=" in seen
        assert "AZ_BATCH_JOB_ID" not in seen
    job = new_job(client, name, name)
    client.create_task(
        job, models.BatchTaskCreateOptions(id="t", command_line=shell("sh $AZ_BATCH_NODE_SHARED_DIR/tool.sh"))
    )
    assert text(client, completed(client, job, "t")) == "tool\n"


def test_start_task_that_fails_keeps_tasks_away(client, name):
    start = models.BatchStartTask(command_line="false", wait_for_success=True, max_task_retry_count=1)
    client.create_pool(pool_options(name, target_dedicated_nodes=1, start_task=start))
    until(lambda: [node.state for node in client.list_nodes(name)] == ["starttaskfailed"], "the failure")
    node = next(iter(client.list_nodes(name)))
    assert (node.start_task_info.exit_code, node.start_task_info.retry_count) == (1, 1)
    assert node.start_task_info.failure_info.code == "FailureExitCode"
    job = new_job(client, name, name)
    client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line="true"))
    assert client.get_task(job, "t").state == "active"


def test_start_task_that_nobody_waits_for(client, name):
    ready_pool(client, name, start_task=models.BatchStartTask(command_line="false", wait_for_success=False))
    job = new_job(client, name, name)
    client.create_task(job, models.BatchTaskCreateOptions(id="t", command_line="true"))
    assert completed(client, job, "t").execution_info.result == "success"


def test_blobs_by_the_name_of_their_account(blobs, tmp_path):
    url = blobs.blob("c/a", b"here").replace("127.0.0.1", "account.blob.core.localhost").replace("/account/", "/")
    fetch_blob(url, tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"here"
    elsewhere = "https://account.blob.core.windows.net/c/a?sig=x"
    assert by_loopback(elsewhere) == elsewhere
    ours = AutoStorage("http://127.0.0.1:1/account", "account", b"key")
    opened = ours.opened("http://account.blob.core.localhost:1/c/a", "r")
    assert opened.partition("?sp=r&")[0] == "http://127.0.0.1:1/account/c/a"
