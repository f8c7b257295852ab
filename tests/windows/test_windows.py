"""What tasks of Windows do: raw lines, batchctl's `commands`, exit codes, files, ends; and a whole spec."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from azure.batch import models

from tests.windows.conftest import until

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("line", "code", "out"),
    [
        ('cmd /c "echo hello world"', 0, "hello world\r\n"),
        ("cmd /c exit 300", 300, ""),
        ("cmd /c exit 256", 256, ""),
        ("cmd /c exit -1073741819", -1073741819, ""),
        ('cmd /c "cmd /c exit 5 && echo wrong"', 5, ""),
        ('cmd /c "cmd /c exit 5 || cmd /c echo right"', 0, "right\r\n"),
        ('cmd /c "set X=1&& echo %X%"', 0, "%X%\r\n"),
        ("cmd /c echo 100% sure ^& \"a ^ b\" (c) 'd'", 0, "100% sure & \"a ^ b\" (c) 'd'\r\n"),
        ('"C:\\windows\\system32\\cmd.exe" /s /c ""cmd" /c "echo "a b"""', 0, '"a b"\r\n'),
        ("CMD /C (echo a)&(echo b)", 0, "a\r\nb\r\n"),
        ('cmd /c "echo one\necho two"', 0, "one\r\n"),
        ("cmd /c cd", 0, "D:\\batch\\tasks\\workitems\\j\\job-1\\{task}\\wd\r\n"),
        ("cmd /c echo %AZ_BATCH_NODE_SHARED_DIR% %AZ_BATCH_TASK_ID%", 0, "D:\\batch\\tasks\\shared {task}\r\n"),
    ],
)
def test_raw_lines(pool, line, code, out):
    ended = pool.run(line)
    task = next((word for word in ended.out.replace("\\", " ").split() if word[0] == "t" and word[1:].isdigit()), "")
    assert (ended.code, ended.out) == (code, out.replace("{task}", task))
    assert (ended.failure is None) == (code == 0)


def test_what_only_a_shell_knows_is_no_program(run):
    assert run("echo hello").failure == "CommandProgramNotFound"
    assert run("nosuch.exe /x").failure == "CommandProgramNotFound"


def test_variables_of_a_task(run):
    values = {"PATH": "C:\\windows\\system32;C:\\a b%c", "NAME": "x & y"}
    settings = [models.EnvironmentSetting(name=name, value=value) for name, value in values.items()]
    said = dict(line.split("=", 1) for line in run("cmd /c set", environment_settings=settings).out.splitlines())
    assert values.items() <= said.items()
    assert said["AZ_BATCH_TASK_WORKING_DIR"].startswith("D:\\batch\\tasks\\workitems\\j\\job-1\\t")


def test_what_batchctl_writes_stops_at_the_first_that_fails(commands):
    assert "wd/made" in commands("if exist out rmdir /s /q out", "mkdir made").files
    assert "wd/made" in commands("REM prepare", ":: too", "mkdir made").files
    assert "wd/o1" in commands("set OUT=o1", "mkdir %OUT%").files
    assert "wd/made" in commands("if 1==1 (", "mkdir made", ")").files
    ended = commands("cmd /c exit 7", "mkdir made")
    assert (ended.code, "wd/made" in ended.files) == (7, False)
    ended = commands("for %%f in (a b) do @echo %%f", "cmd /c exit -5", "mkdir made")
    assert (ended.code, ended.out, "wd/made" in ended.files) == (-5, "a\r\nb\r\n", False)


def test_an_item_of_several_lines_runs_whole(commands):
    assert commands("echo one\necho two\n", "echo three").out == "one\r\ntwo\r\nthree\r\n"


@pytest.mark.parametrize("value", ["a b", "x&echo y", "a^b", "(c)", "a|b", "C:\\my dir\\", "it's", "a;b,c=d"])
def test_a_value_is_one_word_of_its_line(commands, value):
    first = commands("echo {a} next", a=value)
    second = commands("rem", "echo {a} next", a=value)
    for ended in (first, second):
        assert ended.code == 0
        assert ended.out.replace('"', "").replace("\\\\", "\\") == f"{value} next\r\n"


def test_a_value_of_digits_is_no_handle(commands):
    assert "wd/o.txt" in commands("echo {n}>o.txt", n="1").files


def test_output_files_are_named_as_windows_does(pool):
    url = pool.blobs.container("out")
    place = models.OutputFileBlobContainerDestination(container_url=url, path="p")
    wanted = models.OutputFileUploadConfiguration(upload_condition="taskcompletion")
    files = [
        models.OutputFile(
            file_pattern=pattern,
            destination=models.OutputFileDestination(container=place),
            upload_options=wanted,
        )
        for pattern in ("..\\std*.txt", "%AZ_BATCH_TASK_WORKING_DIR%\\done\\*.txt")
    ]
    assert pool.run('cmd /c "mkdir done & echo x>done\\a.txt & echo o"', output_files=files).failure is None
    assert {name for name in pool.blobs.blobs if name.startswith("out/")} >= {"out/p/stdout.txt", "out/p/a.txt"}


def test_a_task_that_is_ended_leaves_nothing(pool):
    task = pool.start('cmd /c "start /b ping -n 600 127.0.0.1 & ping -n 600 127.0.0.1"')
    until(lambda: len(processes_of("ping", task)) == 2, "two programs")
    pool.client.terminate_task("j", task)
    until(lambda: not processes_of("ping", task), "their end")
    assert pool.run("cmd /c echo next").out == "next\r\n"


def processes_of(program: str, task: str) -> list[str]:
    """Processes of this program in the task's environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            mine = f"AZ_BATCH_TASK_ID={task}\0".encode() in (entry / "environ").read_bytes()
            if mine and program in (entry / "comm").read_text():
                found.append(entry.name)
        except OSError:
            pass
    return found


def test_a_spec_is_applied(tmp_path):
    """Tasks that run beside each other, on a service that is a process of its own and ends what is left behind."""
    shutil.copytree(ROOT / "specs", tmp_path / "specs")
    environment = {**os.environ, "BATCHCTL_LOCAL_HOME": str(tmp_path / "home"), "NO_COLOR": "1"}
    try:
        for verb in ("apply", "destroy"):
            done = subprocess.run(
                (sys.executable, "-m", "batchctl", verb, "specs/windows.yaml", "--yes"),
                env=environment,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=300,
            )
            assert done.returncode == 0, done.stdout + done.stderr
    finally:
        subprocess.run((sys.executable, "-m", "batchctl", "local", "stop"), env=environment, check=True)
    assert [path.name for path in sorted((tmp_path / "results/windows").rglob("*.txt"))] == [
        "lamp.en.txt",
        "tide.en.txt",
    ]
