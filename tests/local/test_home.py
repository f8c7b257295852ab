"""The home is for its owner alone, and never taken from somebody else."""

import base64
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from batchctl.errors import Refused
from batchctl.local.home import Home, State, account_key, find_home, load_state, make_home, save_state
from batchctl.local.processes import Process

STATE = State(20001, 20002, Process(1, "a"), Process(2, "b"), Process(3, "c"), ready=True)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    make_home(home)
    return home


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_directories_and_keys_are_for_their_owner_alone(home: Home) -> None:
    account_key(home, "batch")
    assert {mode(path) for path in (home.root, home.keys, home.logs, home.batch, home.blobs)} == {0o700}
    assert [mode(path) for path in home.keys.iterdir()] == [0o600]


def test_keys_are_random_and_stay(home: Home) -> None:
    assert len(base64.b64decode(account_key(home, "batch"))) == 32
    assert account_key(home, "batch") == account_key(home, "batch") != account_key(home, "storage")


@pytest.mark.parametrize("kept", [lambda key: b"", lambda key: key[:21], lambda key: bytes(44)])
def test_a_key_of_which_a_part_came_to_the_disk_is_made_anew(home: Home, kept: Callable[[bytes], bytes]) -> None:
    """With an empty key anybody could sign."""
    path = home.keys / "batch"
    path.write_bytes(kept(account_key(home, "batch").encode()))
    assert len(base64.b64decode(account_key(home, "batch"))) == 32
    assert path.read_text() == account_key(home, "batch")


def test_the_variable_names_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", str(tmp_path / "mine"))
    assert find_home().root == tmp_path / "mine"
    assert not find_home().root.exists()


def test_without_the_variable_it_is_in_the_users_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("BATCHCTL_LOCAL_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    assert tmp_path in find_home().root.parents


@pytest.mark.parametrize("bits", [0o770, 0o707, 0o777])
def test_refused_if_others_may_write(tmp_path: Path, bits: int) -> None:
    root = tmp_path / "open"
    root.mkdir()
    root.chmod(bits)
    with pytest.raises(Refused, match="other users may write"):
        make_home(Home(root))
    assert list(root.iterdir()) == []


def test_refused_if_it_belongs_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(Refused, match="belongs to another user"):
        make_home(Home(tmp_path))


def test_refused_if_it_holds_something_else(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(Refused, match="holds something else"):
        make_home(Home(tmp_path))


def test_refused_if_it_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refused, match="Not a directory"):
        make_home(Home(tmp_path / "file" / "home"))


def test_finding_an_unsafe_home_is_refused_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.setenv("BATCHCTL_LOCAL_HOME", str(tmp_path))
    with pytest.raises(Refused):
        find_home()


def test_state_comes_back(home: Home) -> None:
    save_state(home, STATE)
    assert load_state(home) == STATE
    assert mode(home.state) == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "{}", '{"supervisor": {"pid": 1}}'])
def test_a_broken_state_is_no_state(home: Home, text: str) -> None:
    home.state.write_text(text)
    assert load_state(home) is None
