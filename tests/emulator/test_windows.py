"""Nodes of Windows: a raw command line as a batch file, paths and variables as Windows has them, what a Wine is worth.

What cmd makes of the batch files is asked of a real Wine by scripts/test-windows; here a script stands in for it.
"""

import os
import shutil
import stat
from pathlib import Path

import pytest
from azure.batch import models

from batchctl.emulator.clock import WallClock
from batchctl.emulator.node import windows, wine
from batchctl.emulator.node.outcome import Failed
from batchctl.emulator.node.windows import Machine

from .conftest import completed, new_job, pool_options
from .stand import Local, until

STAND_IN = r"""#!/bin/sh
# Says what a Wine says, and "runs" a batch file: its text to stdout, the variables to stderr.
printf '%s\n' "$*" >>"$LOG"
case "$*" in
  --version) echo "wine-9.9 (stand-in)" ;;
  "wineboot -i") mkdir -p "$WINEPREFIX/drive_c/windows/system32" "$WINEPREFIX/drive_c/users/me"
    touch "$WINEPREFIX/system.reg" "$WINEPREFIX/drive_c/windows/system32/cmd.exe" ;;
  "cmd /c echo right") printf 'right\r\n' ;;
  "cmd /c cmd /c exit 3 && echo wrong") printf "$WRONG" ;;
  "cmd /d /c "*) name=$(printf %s "$4" | sed 's/.*batchctl.//; s/[.]bat$//')
    cat "$WINEPREFIX/drive_c/batchctl/$name.bat"; env >&2
    echo -1073741819 >"$WINEPREFIX/drive_c/batchctl/$name.code"; exit 5 ;;
esac
"""
MACHINE = models.VirtualMachineConfiguration(
    image_reference=models.BatchVmImageReference(
        publisher="microsoftwindowsserver", offer="windowsserver", sku="2022-datacenter"
    ),
    node_agent_sku_id="batch.node.windows amd64",
)


def lines_of(line: str, wd: str = "D:\\batch\\tasks\\wd", **own: str) -> list[str]:
    """The batch file but for its last two lines, which are always the same."""
    *lines, code, end, last = windows.batch_file(line, wd, "C:\\x.code", own).decode("cp437").split("\r\n")
    assert (code, end, last) == ('@>"C:\\x.code" echo %errorlevel%', "@exit /b %errorlevel%", "")
    return lines


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ('cmd /c "echo hello world"', '@cmd /c ^"echo hello world^"'),
        ('cmd /c "a && b | c > d < e ^ (f)"', '@cmd /c ^"a ^&^& b ^| c ^> d ^< e ^^ ^(f^)^"'),
        ("cmd /c echo %PATH% 100% !x!", "@cmd /c echo %%PATH%% 100%% !x!"),
        ('"C:\\my dir\\p.exe" "a b"', '@"C:\\my dir\\p.exe" ^"a b^"'),
        ("bin/run.exe --in=a/b", "@bin\\run.exe --in=a/b"),
        ('"a&b.exe" x', '@"a&b.exe" x'),
        ("100%.exe", '@"100%%.exe"'),
        ("  run.exe", "@run.exe"),
        ('cmd /c "echo one\necho two"', '@cmd /c ^"echo one'),
        ('"C:\\windows\\CMD.EXE" /c echo one\r\necho two', "@C:\\windows\\CMD.EXE /c echo one"),
        ("cmd /c echo é", "@cmd /c echo é"),
    ],
)
def test_a_line_reaches_its_program_as_it_stands(line: str, written: str) -> None:
    assert lines_of(line) == ['@cd /d "D:\\batch\\tasks\\wd"', written]


def test_variables_that_wine_does_not_hand_on_are_set_in_the_file() -> None:
    assert lines_of("a.exe", "D:\\a%b", PATH="C:\\x y;%PATH%", Temp="D:\\t")[:3] == [
        '@set "PATH=C:\\x y;%%PATH%%"',
        '@set "Temp=D:\\t"',
        '@cd /d "D:\\a%%b"',
    ]


@pytest.mark.parametrize(
    ("line", "code", "why"),
    [
        ("run.exe a\nb", "CommandLaunchFailed", "no line break"),
        ("run.exe " + "x" * 8200, "CommandLaunchFailed", "too long"),
        ("run.exe 長", "CommandLaunchFailed", "'長'"),
        ("", "CommandProgramNotFound", "cannot find"),
        ('"" x', "CommandProgramNotFound", "cannot find"),
    ],
)
def test_a_line_that_no_batch_file_holds_fails_and_says_why(line: str, code: str, why: str) -> None:
    with pytest.raises(Failed) as caught:
        lines_of(line)
    assert caught.value.failure.code == code
    assert why in dict(caught.value.failure.details)["Message"]


def test_paths_of_the_node_are_on_its_drive_and_others_on_the_one_that_has_all() -> None:
    given = {"AZ_BATCH_TASK_DIR": "/h/n/t", "A": "/h/nn", "URL": "http://h/n", "ROOT": "/h/n", "PATH": "/bin"}
    assert windows.windows_variables(given, Path("/h/n")) == {
        "AZ_BATCH_TASK_DIR": "D:\\batch\\tasks\\t",
        "A": "Z:\\h\\nn",
        "URL": "http://h/n",
        "ROOT": "D:\\batch\\tasks",
        "PATH": "/bin",
    }


@pytest.mark.parametrize(
    ("pattern", "here"),
    [
        ("..\\std*.txt", "../std*.txt"),
        ("%az_batch_task_dir%\\..\\*.txt", "/h/n/t/../*.txt"),
        ("d:/Batch/tasks/shared/x", "/h/n/shared/x"),
        ("D:\\batch\\tasksuite\\x", "D:/batch/tasksuite/x"),
        ("%NOSUCH%\\x", "%NOSUCH%/x"),
    ],
)
def test_patterns_of_files_are_those_of_windows(pattern: str, here: str) -> None:
    variables = {"AZ_BATCH_TASK_DIR": "D:\\batch\\tasks\\t"}
    assert windows.local_pattern(pattern, Path("/h/n"), variables) == here


def test_the_program_is_looked_for_as_windows_does(tmp_path: Path) -> None:
    """In the working directory, in the directories of Windows, on the task's own PATH; in whatever case."""
    root = tmp_path / "node"
    machine = Machine(wine="wine", prefix=windows.prefix_of(root), root=root, own={"Path": "C:\\windows;D:\\Tools"})
    for file in ("drive_c/windows/system32/cmd.exe", "drive_d/tools/t.exe", "drive_c/batchctl/x"):
        (machine.prefix / file).parent.mkdir(parents=True, exist_ok=True)
        (machine.prefix / file).touch()
    (machine.prefix / "dosdevices").mkdir()
    for drive in "cd":
        (machine.prefix / f"dosdevices/{drive}:").symlink_to(f"../drive_{drive}")
    (root / "wd/bin").mkdir(parents=True)
    (root / "wd/bin/Run.exe").touch()
    (root / "wd/go.bat").touch()
    for line in ("cmd", "CMD.exe /c", "T x", "bin\\run", "bin/run.EXE x", "go.bat", '"c:\\Windows\\System32\\cmd" x'):
        assert wine.prepare_line(machine, line, root)[:4] == ["wine", "cmd", "/d", "/c"]
    for line in ("echo hi", "go", "run.exe", "C:\\nosuch\\cmd.exe", "q:\\x.exe"):
        with pytest.raises(Failed, match="CommandProgramNotFound"):
            wine.prepare_line(machine, line, root)


def machine_with(tmp_path: Path, wrong: str = "") -> str:
    """A search path where a stand-in for Wine lies."""
    program = tmp_path / "bin/wine"
    program.parent.mkdir()
    program.write_text(STAND_IN.replace("$LOG", str(tmp_path / "log")).replace("$WRONG", wrong))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return f"{program.parent}{os.pathsep}/usr/bin{os.pathsep}/bin"


def test_a_wine_whose_cmd_goes_on_is_named_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    judged = wine.Wine(tmp_path / "home", machine_with(tmp_path, r"wrong\r\n"))
    for node in ("a", "b"):
        said = judged.boot(tmp_path / "home/nodes/p" / node)
        assert "wine-9.9 (stand-in), goes on after a failed program" in said
    assert (tmp_path / "log").read_text().count("exit 3") == 1
    assert list((tmp_path / "home").iterdir()) == []


def test_a_wine_that_runs_nothing_does_not_pass(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    path = machine_with(tmp_path)
    program = tmp_path / "bin/wine"
    program.write_text(program.read_text().replace(r"printf 'right\r\n'", ":"))
    assert "does not run cmd" in wine.Wine(tmp_path / "home", path).boot(tmp_path / "home/nodes/p/a")


def test_without_wine_a_node_is_unusable_and_says_so(tmp_path: Path) -> None:
    local = Local(tmp_path / "home", clock=WallClock()).start(search_path=str(tmp_path))
    with local.client() as client:
        client.create_pool(pool_options("p", target_dedicated_nodes=1, virtual_machine_configuration=MACHINE))
        node = until(lambda: next((one for one in client.list_nodes("p") if one.state == "unusable"), None))
    local.stop()
    assert [error.code for error in node.errors] == ["OperatingSystemNotServed"]
    assert "no `wine` is on the PATH" in node.errors[0].message


def test_a_task_runs_by_wine_in_a_prefix_of_its_node(tmp_path: Path) -> None:
    local = Local(tmp_path / "home", clock=WallClock()).start(search_path=machine_with(tmp_path))
    with local.client() as client:
        client.create_pool(pool_options("p", target_dedicated_nodes=1, virtual_machine_configuration=MACHINE))
        node = until(lambda: next((one for one in client.list_nodes("p") if one.state == "idle"), None))
        new_job(client, "j", "p")
        setting = models.EnvironmentSetting(name="path", value="C:\\x")
        client.create_task(
            "j", models.BatchTaskCreateOptions(id="t", command_line='cmd /c "a"', environment_settings=[setting])
        )
        info = completed(client, "j", "t").execution_info
        out, err = (b"".join(client.download_task_file("j", "t", f"std{one}.txt")).decode() for one in ("out", "err"))
        listed = [one.name for one in client.list_node_files("p", node.id)]
        prefix = windows.prefix_of(tmp_path / "home/nodes/p" / node.id)
        assert prefix.is_dir()
    local.stop()
    shutil.rmtree(tmp_path / "home/wine~windows")  # as in what is restored of a snapshot
    local.start()
    with local.client() as client:
        until(lambda: client.get_node("p", node.id).state == "idle", "Windows again")
        client.create_task("j", models.BatchTaskCreateOptions(id="again", command_line="cmd /c a"))
        again = completed(client, "j", "again").execution_info
        client.begin_delete_pool("p")
        until(lambda: not prefix.exists(), "an end of the prefix")
    local.stop()
    # However often a node that boots is looked at, it boots once each time.
    assert (tmp_path / "log").read_text().splitlines().count("cmd /c exit") == 2
    assert again
    assert again.exit_code == -1073741819
    assert info
    assert info.exit_code == -1073741819
    assert out.split("\r\n")[:3] == [
        '@set "path=C:\\x"',
        '@cd /d "D:\\batch\\tasks\\workitems\\j\\job-1\\t\\wd"',
        '@cmd /c ^"a^"',
    ]
    assert f"WINEPREFIX={prefix}\n" in err
    assert "AZ_BATCH_TASK_WORKING_DIR=D:\\batch\\tasks\\workitems\\j\\job-1\\t\\wd\n" in err
    assert listed == ["applications", "fsmounts", "shared", "startup", "volatile", "workitems"]
