"""Lines of bash that install packages where nobody watches: they wait for who installs besides, try again, ask nothing.

A new node is at work on its own updates for minutes, holding the locks of dpkg (which apt-get can wait for) and of the
lists (which it cannot). Pure.
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence

AGAIN = 'batchctl_again() { for pause in 5 15 45 135; do "$@" && return; sleep $pause; done; "$@"; }'
APT = (
    "batchctl_apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 update"
    ' && DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 install "$@"; }'
)
# Newer systems call their own Python externally managed (PEP 668); older pips do not know the word, and ignore it so.
PIP = 'batchctl_pip() { PIP_BREAK_SYSTEM_PACKAGES=1 PIP_NO_INPUT=1 python3 -m pip -q install "$@"; }'
PIP_IS_THERE = "python3 -m pip --version > /dev/null 2>&1 || batchctl_again batchctl_apt python3-pip"


def install_lines(packages: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """`{"apt": ["ffmpeg"], "pip": ["numpy<3"]}` as lines for bash."""
    return tuple(_lines(packages.get("apt", ()), packages.get("pip", ())))


def _lines(apt: Sequence[str], pip: Sequence[str]) -> Iterator[str]:
    yield from (AGAIN, APT)
    if apt:
        yield f"batchctl_again batchctl_apt {shlex.join(apt)}"
    if pip:
        yield from (PIP, PIP_IS_THERE, f"batchctl_again batchctl_pip {shlex.join(pip)}")
