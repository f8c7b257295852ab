"""Azurite comes from a lock file, by the user's own npm settings, wholly or not at all."""

import json
from pathlib import Path

import pytest

from batchctl.errors import CloudError
from batchctl.local import azurite

LOCK = json.loads((azurite.SHIPPED / "package-lock.json").read_text(encoding="utf-8"))


def test_the_lock_pins_every_package_by_hash() -> None:
    packages = {name: entry for name, entry in LOCK["packages"].items() if name}
    assert packages["node_modules/azurite"]["version"] == azurite.VERSION
    assert [name for name, entry in packages.items() if not entry.get("integrity", "").startswith("sha512-")] == []


def test_the_lock_names_no_registry() -> None:
    assert [name for name, entry in LOCK["packages"].items() if "resolved" in entry] == []


def test_a_registry_that_cannot_be_reached_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    said: list[str] = []
    with pytest.raises(CloudError) as caught:
        azurite.install_azurite(azurite.find_node(), tmp_path / "cache", said.append)
    assert "could not be installed from npm" in str(caught.value)
    assert "ECONNREFUSED" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert [line for line in said if not line.startswith("Installing")] == []
    assert [path.name for path in (tmp_path / "cache").iterdir() if path.suffix != ".lock"] == []


def test_a_cache_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(CloudError, match=r"cannot be installed into .+: Not a directory"):
        azurite.install_azurite(azurite.find_node(), tmp_path / "file" / "cache", lambda line: None)


def test_what_a_killed_install_left_is_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    left = tmp_path / "cache" / f"azurite-{azurite.VERSION}-{azurite._lock_hash()[:12]}.draft-abc" / "node_modules"
    left.mkdir(parents=True)
    with pytest.raises(CloudError):
        azurite.install_azurite(azurite.find_node(), tmp_path / "cache", lambda line: None)
    assert not left.exists()


def test_an_old_node_alone_does_not_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes(tmp_path, monkeypatch, "v18.20.4")
    with pytest.raises(CloudError, match=r"pip install 'batchctl\[local\]'"):
        azurite.find_node()


def test_a_recent_node_on_the_path_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fakes(tmp_path, monkeypatch, "v22.1.0")
    assert azurite.find_node() == azurite.Node(str(tmp_path / "node"), (str(tmp_path / "npm"),))


def test_no_node_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(azurite, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CloudError, match="needs node 20 or newer"):
        azurite.find_node()


@pytest.mark.parametrize(
    ("stderr", "reason"),
    [
        (
            "npm error code ENOTFOUND\nnpm error syscall getaddrinfo\nnpm error errno ENOTFOUND\n"
            "npm error network request to https://x.invalid/azurite failed, reason: getaddrinfo ENOTFOUND x.invalid\n"
            "npm error network In most cases you are behind a proxy\n",
            "network request to https://x.invalid/azurite failed, reason: getaddrinfo ENOTFOUND x.invalid",
        ),
        (
            "npm error code EINTEGRITY\nnpm error sha512-a integrity checksum failed\n",
            "sha512-a integrity checksum failed",
        ),
        ("npm error code E500\n", "code E500"),
        ("npm ERR! code ECONNREFUSED\nnpm ERR! connect ECONNREFUSED\n", "connect ECONNREFUSED"),
        ("npm warn Unknown user config\n", ""),
    ],
)
def test_the_reason_is_npms_own_line(stderr: str, reason: str) -> None:
    assert azurite._npm_reason(stderr) == reason


def fakes(directory: Path, monkeypatch: pytest.MonkeyPatch, version: str) -> None:
    """A node of that version and an npm, alone on the path."""
    for name in ("node", "npm"):
        program = directory / name
        program.write_text(f"#!/bin/sh\necho {version}\n")
        program.chmod(0o755)
    monkeypatch.setattr(azurite, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(directory))
