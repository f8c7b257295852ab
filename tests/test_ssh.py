"""The way into a node: which, where it is reached, with which key."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from batchctl.cli.ssh import key_for, key_text, own_key, ssh_command
from batchctl.errors import NotThere, Refused, UsageError
from batchctl.sights import Endpoint, JobSight, NodeSight, Place
from batchctl.verbs.enter import Entrance, entrance

SSH = Endpoint(host="20.1.2.3", port=50001, behind=22)


class Eyes:
    def __init__(self, *nodes: NodeSight) -> None:
        self._nodes = nodes

    def generations(self, _owner: str) -> tuple[JobSight, ...]:
        return (JobSight(id="j", generation=1, state="active", pool="p"),)

    def nodes(self, _pool: str) -> tuple[NodeSight, ...]:
        return self._nodes


def node(id: str, *endpoints: Endpoint) -> NodeSight:
    return NodeSight(id=id, state="idle", ip="10.0.0.4", endpoints=endpoints)


@pytest.fixture
def found(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr("batchctl.verbs.look.outline", lambda _spec: SimpleNamespace(resources=(), external_pool=None))

    def entered(asked: str, nodes: Sequence[NodeSight], windows: bool = False) -> Entrance:
        spec: Any = SimpleNamespace(name="s", pool=SimpleNamespace(windows=windows, auto=None))
        eyes: Any = Eyes(*nodes)
        return entrance(spec, eyes, asked)

    return entered


def test_one_node_is_entered_where_its_port_for_ssh_is_mapped(found: Any) -> None:
    other = Endpoint(host="20.1.2.3", port=7, behind=8080)
    door = found("tvm-1", [node("tvm-1", other, SSH), node("tvm-2", SSH)])
    assert door == Entrance(node=Place(above="p", id="tvm-1", is_task=False), host="20.1.2.3", port=50001)


def test_which_of_several(found: Any) -> None:
    with pytest.raises(UsageError, match="'tvm' meets 2 nodes: tvm-1, tvm-2; say which"):
        found("tvm", [node("tvm-1", SSH), node("tvm-2", SSH)])
    with pytest.raises(NotThere):
        found("x", [node("tvm-1", SSH)])


def test_a_pool_that_maps_no_port_is_told_what_does(found: Any) -> None:
    with pytest.raises(Refused) as refused:
        found("tvm", [node("tvm-1")])
    assert "at 10.0.0.4. In the spec, for new nodes: networkConfiguration: {" in refused.value.reasons[0]


def test_nodes_of_windows_are_entered_otherwise(found: Any) -> None:
    desktop = Endpoint(host="20.1.2.3", port=50002, behind=3389)
    for nodes, windows in (([node("tvm-1", desktop)], False), ([node("tvm-1", desktop, SSH)], True)):
        with pytest.raises(Refused) as refused:
            found("tvm", nodes, windows)
        assert "leads there, at 20.1.2.3:50002, for a user that you make by `az batch node" in refused.value.reasons[0]


def test_the_command(tmp_path: Path) -> None:
    door = Entrance(node=Place(above="p", id="tvm-1", is_task=False), host="20.1.2.3", port=50001)
    told = ["-o", "HostKeyAlias=tvm-1", "-o", "StrictHostKeyChecking=accept-new", "-p", "50001", "me@20.1.2.3"]
    assert ssh_command(door, "me", tmp_path / "id.pub") == ["ssh", *told]
    (tmp_path / "id").touch()
    assert ssh_command(door, "me", tmp_path / "id.pub") == ["ssh", "-i", str(tmp_path / "id"), *told]


@pytest.mark.parametrize("text", ["", "-----BEGIN OPENSSH PRIVATE KEY-----\nx", "ssh-rsa AAAA me\nssh-rsa BBBB you"])
def test_nothing_but_one_public_key_leaves_the_machine(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    with pytest.raises(UsageError, match="holds no public key"):
        key_text(tmp_path / "key")
    with pytest.raises(UsageError, match="cannot be read"):
        key_text(tmp_path / "other")


def test_a_key_of_the_user_or_one_for_now(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no public key in"):
        own_key(tmp_path)
    (tmp_path / "id_rsa.pub").touch()
    assert own_key(tmp_path) == tmp_path / "id_rsa.pub"
    with key_for(tmp_path / "mine.pub", make=True) as named:
        assert named == tmp_path / "mine.pub"
