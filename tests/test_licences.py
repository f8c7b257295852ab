"""What is installed has licences that were looked at; one that is unknown is told."""

from importlib.metadata import Distribution

import pytest

from tests.licences import allowed, licence, refused


class Installed(Distribution):
    """A package that says this in its metadata."""

    def __init__(self, *lines: str) -> None:
        self.text = "\n".join(("Name: a", "Version: 1", *lines, "", ""))

    def read_text(self, filename: str) -> str | None:
        return self.text if filename == "METADATA" else None

    def locate_file(self, path: object) -> object:  # type: ignore[override]
        raise NotImplementedError


def test_all_that_is_installed_is_allowed() -> None:
    assert refused() == [], "read the licence, then add it to tests/licences.py"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["License-Expression: mit OR apache-2.0"], "MIT OR Apache-2.0"),
        (["Classifier: License :: OSI Approved :: MIT License"], "MIT"),
        (
            ["Classifier: License :: OSI Approved :: MIT License", "Classifier: License :: Other/Proprietary License"],
            "MIT AND Other/Proprietary License",
        ),
        (["Classifier: License :: DFSG approved", "License: MIT"], "MIT"),
        (["License: Apache 2.0"], "Apache-2.0"),
        (["License: as we like"], "as we like"),
        ([], "unknown"),
    ],
)
def test_what_a_package_says_of_its_licence(lines: list[str], said: str) -> None:
    assert licence(Installed(*lines)) == said


@pytest.mark.parametrize(
    ("expression", "good"),
    [
        ("MIT AND PSF-2.0", True),
        ("LGPL-2.1-only OR MIT", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR GPL-3.0-only) AND ISC", False),
        ("as we like", False),
        ("unknown", False),
    ],
)
def test_one_side_of_an_or_is_enough_and_all_of_an_and_is_needed(expression: str, good: bool) -> None:
    assert allowed("a", expression) is good
