"""Where a spec comes from: in a checkout the repository and the path in it, which every machine tells alike.

In a git checkout with a remote it is `github.com/org/repository//specs/word-count.yaml`, else the file's whole path.
Only git's own files are read: `gitrepository-layout(5)` and `git-config(1)` say how.
"""

import os
import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

from batchctl.frozen import dataclass

SECTION = re.compile(r"""^\s*\[remote\s+"(.*)"\]""")
URL = re.compile(r"""^\s*url\s*=\s*"?([^"#;]*?)"?\s*(?:[#;].*)?\Z""", re.IGNORECASE)
SCP = re.compile(r"^(?:[^@/:]+@)?([^/:]+):(?!/)(.+)\Z")
"""`git@host:path`, as ssh takes it."""

WITHIN = "//"
"""Between a repository and a path in it."""

OVER = " + "
"""Between a spec and what is laid over it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A working tree: its root, and the repository that it was cloned from ("": from none)."""

    root: Path
    repository: str

    def holds(self, origin: str) -> bool | None:
        """Is the file of this origin in this working tree? None if it comes from somewhere else."""
        repository, within, path = origin.partition(WITHIN)
        if not within or not self.repository or repository != self.repository:
            return None
        # One file, whatever its name is, or a spec with its overlays: of those in other places nobody knows here.
        return (self.root / path).is_file() or all(
            (self.root / one).is_file() for one in path.split(OVER) if WITHIN not in one and not one.startswith("/")
        )


def spec_origin(spec: Path, overlays: Sequence[Path] = ()) -> str:
    """The place of a spec, and of what is laid over it: that is another spec. Without a repository it is one of this
    machine: the same file elsewhere is another place."""
    first = find_checkout(spec.resolve().parent)
    return OVER.join((_origin(spec, None), *(_origin(overlay, first) for overlay in overlays)))


def _origin(file: Path, known: Checkout | None) -> str:
    """The place of a file; in a checkout that is `known` its path is enough."""
    path = file.resolve()
    found = find_checkout(path.parent)
    if found is None or not found.repository:
        return _in_unicode(path.as_posix())
    within = path.relative_to(found.root).as_posix()
    return _in_unicode(within if found == known else f"{found.repository}{WITHIN}{within}")


def _in_unicode(path: str) -> str:
    """A name in other bytes than UTF-8 goes into no metadata."""
    return os.fsencode(path).decode("utf-8", errors="backslashreplace")


def find_checkout(folder: Path) -> Checkout | None:
    """The working tree that this folder is in."""
    for root in (folder, *folder.parents):
        if (root / ".git").exists():
            return Checkout(root=root, repository=_repository(root))
    return None


def _repository(root: Path) -> str:
    try:
        url = _remote(_config(root / ".git").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return ""
    # git takes a relative path from the root of the working tree.
    return _plain_url(os.path.normpath(root / url) if url.startswith(".") else url)


def _config(git: Path) -> Path:
    """A further working tree, or a submodule, has a file there that names the directory."""
    if git.is_file():
        git = git.parent / git.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
    common = git / "commondir"
    if common.is_file():
        git = git / common.read_text(encoding="utf-8").strip()
    return git / "config"


def _remote(config: str) -> str:
    """The URL of `origin`, else of the first remote."""
    urls: dict[str, str] = {}
    name = None
    for line in config.splitlines():
        if line.lstrip().startswith("["):
            section = SECTION.match(line)
            name = section[1] if section else None
        elif name is not None and (url := URL.match(line)):
            urls.setdefault(name, url[1].strip())
    return urls.get("origin") or next(iter(urls.values()), "")


def _plain_url(url: str) -> str:
    """Host and path: without the scheme, the user (and whatever secret stands with it), the port and `.git`."""
    if "://" in url:
        parts = urlsplit(url)
        host, path = parts.hostname or "", parts.path
    elif scp := SCP.match(url):
        host, path = scp[1].lower(), scp[2]
    else:
        host, path = "", url
    plain = f"{host}/{path.strip('/')}".strip("/").removesuffix(".git")
    # Azure DevOps has two addresses for one repository.
    devops = re.fullmatch(r"ssh\.dev\.azure\.com/v3/([^/]+)/([^/]+)/([^/]+)", plain)
    return f"dev.azure.com/{devops[1]}/{devops[2]}/_git/{devops[3]}" if devops else plain
