"""requirements/ holds exact versions with hashes, as pyproject.toml asks, and says nothing of where they came from."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
USED = [*PROJECT["project"]["dependencies"], *(line for extra in EXTRAS.values() for line in extra)]
GROUPS = PROJECT["dependency-groups"]
ASKED = {"use.txt": USED, "test.txt": USED + GROUPS["dev"] + GROUPS["site"]}
ENTRY = re.compile(r"^(\S+==\S+)[^\n]*((?:\\\n +--hash=sha256:[0-9a-f]{64} ?)+)", re.MULTILINE)


def pinned(file: str) -> dict[str, str]:
    """Versions by name."""
    text = (ROOT / "requirements" / file).read_text()
    pins = (found[1].split("==") for found in ENTRY.finditer(text))
    return {canonicalize_name(name): version for name, version in pins}


@pytest.mark.parametrize("file", ASKED)
def test_each_range_of_the_project_has_a_version_within(file: str) -> None:
    asked = [Requirement(line) for line in ASKED[file]]
    versions = pinned(file)
    wrong = [str(one) for one in asked if not one.specifier.contains(versions.get(canonicalize_name(one.name), "0"))]
    assert wrong == [], "scripts/requirements writes requirements/ anew"


@pytest.mark.parametrize("file", ASKED)
def test_every_line_has_hashes_and_names_no_place(file: str) -> None:
    text = (ROOT / "requirements" / file).read_text()
    left = [line for line in ENTRY.sub("", text).splitlines() if line.strip() and not line.lstrip().startswith("#")]
    assert left == []
    assert "://" not in text


def test_what_users_install_is_what_the_tests_ran_with() -> None:
    assert pinned("use.txt").items() <= pinned("test.txt").items()
