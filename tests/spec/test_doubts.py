"""What `validate` notes at its place though Batch takes it: each rule, and what is no case of it."""

from pathlib import Path

import pytest

from batchctl.errors import Problem
from batchctl.spec.doubts import doubts
from batchctl.spec.load import examined, load
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import resolve

LINUX, WINDOWS = "{publisher: canonical, offer: b, sku: c}", "{publisher: microsoftwindowsserver, offer: b, sku: c}"


def noted(folder: Path, body: str, image: str = LINUX, size: str = "Standard_D2s_v5") -> list[Problem]:
    path = folder / "spec.yaml"
    path.write_text(
        f"version: 1\nname: a\npool:\n  id: p\n  vmSize: {size}\n  image: {image}\n{body}", encoding="utf-8"
    )
    wrong, spec = examined(path, {}, {"KEY": "x"})
    assert wrong == ()
    assert spec is not None
    return sorted(doubts(spec))


def places(found: list[Problem]) -> list[str]:
    return [f"{p.line}:{p.column} {p.code}" for p in found]


@pytest.mark.parametrize(
    ("line", "caret"),
    [
        ("export A=1", "export A="),
        ("source env.sh", "source"),
        ("echo $(date)", "$(date)"),
        ("echo $HOME", "$HOME"),
        ("echo ${AZ_BATCH_TASK_ID} > x", "${AZ_BATCH_TASK_ID}"),
        ("findstr 'a b' x.txt", "'a b'"),
        ("prog > /dev/null", "/dev/null"),
        ("dir && rm x", "rm"),
        ("set A=1", None),
        ("echo %A%", None),
        ("echo it's", None),
        ("for /f %i in ('dir /b') do echo %i", None),
        ("powershell -c $env:A = 'a b'; rm x", None),
        ('C:\\\\tools\\\\bash.exe -c \\"echo $HOME\\"', None),
        ("echo ${env:KEY}", None),
        ("program rm", None),
        ("echo 5$", None),
    ],
)
def test_words_of_bash_on_windows(tmp_path: Path, line: str, caret: str | None) -> None:
    found = noted(tmp_path, f'job:\n  id: j\n  tasks:\n    - id: t\n      commands: ["{line}"]\n', WINDOWS)
    assert [p.code for p in found] == ["windows-command"] * (caret is not None)
    assert [p.source[p.column - 1 :][: p.width] for p in found] == [caret] * (caret is not None)
    assert "'" in line or noted(tmp_path, f'job:\n  id: j\n  tasks:\n    - id: t\n      commands: ["{line}"]\n') == []


@pytest.mark.parametrize(
    ("task", "at"),
    [
        ("command: [echo, $AZ_BATCH_TASK_ID]", ["12:23 no-shell"]),
        ("command: [echo, 'x ${MINE}']", ["12:26 no-shell"]),
        ("commandLine: echo $HOME", ["12:25 no-shell"]),
        ("commandLine: /bin/sh -c 'echo $HOME'", []),
        ("command: [sh, -c, 'echo $HOME']", []),
        ("command: [echo, $OTHER]", []),
        ("commands: [echo $HOME]", []),
    ],
)
def test_variables_that_no_shell_fills_in(tmp_path: Path, task: str, at: list[str]) -> None:
    settings = "environmentSettings: [{name: MINE, value: x}]"
    found = noted(tmp_path, f"job:\n  id: j\n  tasks:\n    - id: t\n      {settings}\n      {task}\n")
    assert places(found) == at


@pytest.mark.parametrize(
    ("start", "at"),
    [
        ("commands: ['true', 'apt-get install -y jq']", ["8:25 not-elevated"]),
        ("commands: ['yum -y install jq']", ["8:17 not-elevated"]),
        ("commands: ['sudo apt-get install -y jq']", []),
        ("elevationLevel: admin\n    commands: ['apt-get install -y jq']", []),
        ("commands: ['echo apt']", []),
    ],
)
def test_packages_want_an_administrator(tmp_path: Path, start: str, at: list[str]) -> None:
    assert places(noted(tmp_path, f"  startTask:\n    {start}\n")) == at


def test_spot_nodes_that_talk(tmp_path: Path) -> None:
    talk = "  enableInterNodeCommunication: true\n"
    assert places(noted(tmp_path, f"{talk}  targetSpotNodes: 1\n")) == ["8:20 spot-inter-node"]
    assert noted(tmp_path, talk) == []
    assert noted(tmp_path, "  targetSpotNodes: 1\n") == []


def test_hidden_nodes_want_a_way_out(tmp_path: Path) -> None:
    subnet = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/n/subnets/a"
    network = f"  networkConfiguration:\n    subnetId: {subnet}\n"
    hidden = f"{network}    publicIPAddressConfiguration: {{provision: nopublicipaddresses}}\n"
    assert places(noted(tmp_path, hidden)) == ["9:47 way-out"]
    assert noted(tmp_path, network) == []


@pytest.mark.parametrize(("size", "told"), [("Standard_Q2s_v9", True), ("Standard_E2s_v9", False)])
def test_families_that_nobody_has_heard_of(tmp_path: Path, size: str, told: bool) -> None:
    assert places(noted(tmp_path, "", size=size)) == ["5:11 vm-size"] * told


def test_a_plan_has_the_first_of_those_that_it_cannot_find_out(tmp_path: Path) -> None:
    commands = "".join(f"\n        - copy a{n} /dev/null" for n in range(7))
    body = f"job:\n  id: j\n  tasks:\n    - id: t\n      commands:{commands}\n"
    noted(tmp_path, body, image=WINDOWS)
    spec = load(tmp_path / "spec.yaml", {}, {})
    told = resolve(spec, take_inventory(spec, None)).doubts
    assert told[0] == "spec.yaml:12: '/dev/null': on Windows it is NUL"
    assert told[5:] == ("2 more notes: `batchctl validate` has them all",)


@pytest.mark.parametrize(
    ("line", "at"),
    [
        ("dir | % {{ $_.Length }}", ["10:35 doubled-braces"]),
        ("dir | % { $_.Length }", []),
        ('pwsh -c "if (1) {{ exit 3 }}"', ["10:43 doubled-braces"]),
        ('pwsh -c "if (1) {{exit}}"', []),
        ('docker inspect -f "{{ .State.Status }}" x', []),
    ],
)
def test_braces_that_stay_doubled(tmp_path: Path, line: str, at: list[str]) -> None:
    found = noted(tmp_path, f"job:\n  id: j\n  tasks:\n    - {{id: t, commands: ['{line}']}}\n", image=WINDOWS)
    assert [place for place in places(found) if "windows-command" not in place] == at
