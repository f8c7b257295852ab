"""Local files that a pattern of the spec means: found, looked at once, refused if they cannot become blobs."""

import contextlib
import difflib
import os
import re
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from batchctl.spec.source import is_hidden, shown

WILDCARD = re.compile(r"[*?\[{]")

ONE_STAR = re.compile(r"((?:[\w\- ][\w.\- ]*)?)\*([\w.\- ]*)", re.ASCII)
"""Files of one folder by the begin and the end of their names, as most patterns have it: found without wcmatch, for to
load it is a tenth of a short command."""

LONGEST_NAME, MOST_SEGMENTS = 1024, 254
"""Limits of a blob's name (Learn: Naming and referencing containers, blobs, and metadata)."""


class Match(NamedTuple):
    """A file that a pattern met. `path` is a text, for there may be very many; `name`: it below the part without
    wildcards, with `/`."""

    path: str
    name: str


class Pattern:
    """A glob below the spec's folder; a directory means all in it."""

    def __init__(self, folder: Path, text: str) -> None:
        self.folder, self.text = folder, text
        root, self._rest = _split_at_wildcard(text)
        self._base = Path(os.path.normpath(folder / root))
        self._root = os.path.realpath(self._base)
        self._inside: dict[str, bool] = {}

    def is_all(self) -> bool:
        """Does it go through the whole of a file system, by that name or by a link?"""
        if Path(self._root) != Path(self._root).parent:
            return False
        above, deep, _ = f"/{self._rest}/".partition("/**/")
        return not self._rest or (bool(deep) and not above.strip("/*?"))

    def matches(self) -> Iterator[Match]:
        """Sorted by name. A file of exactly that name comes first, so that names with brackets need no escape."""
        exact = Path(os.path.normpath(self.folder / self.text))
        # A link to nothing as well, so that it is told as what it is.
        if os.path.lexists(exact) and not _is_folder(exact):
            yield Match(str(exact), exact.name)
            return
        base, rest = (exact, "**") if _is_folder(exact) else (self._base, self._rest)
        found = _found(base, rest) if rest else ()
        names = {name.replace(os.sep, "/").removeprefix("./") for name in found}
        begin = os.path.join(base, "")  # noqa: PTH118 - with what stands between it and a name
        for name in sorted(names):
            yield Match(begin + name.replace("/", os.sep), name)

    def look(self, match: Match, blob: str) -> tuple[os.stat_result, None] | tuple[None, str]:
        """What the file is (os.stat), or why it cannot be the blob of that name."""
        if why := _why_no_blob(blob):
            return None, why
        try:
            # Not followed at first: a link has to be told from what it leads to (reliability B49).
            status = os.lstat(match.path)
            is_link = stat.S_ISLNK(status.st_mode)
            if is_link:
                status = os.stat(match.path)  # noqa: PTH116 - as lstat above
        except FileNotFoundError:
            return None, "it is a link to nothing"
        except OSError as error:
            return None, error.strerror or str(error)
        if not stat.S_ISREG(status.st_mode):
            return None, "it is not a regular file"
        if self._rest and not self._holds(match.path, is_link):
            return None, f"it is a link out of {self._root}; name it without wildcards to take it all the same"
        return status, None

    def no_match(self) -> str:
        """What to say where nothing matches; the nearest name in that folder, if a file was named."""
        wanted = Path(os.path.normpath(self.folder / self.text))
        if _is_folder(wanted):
            return f"the folder {shown(self.text)} has no file to take"
        if self._rest or not _is_folder(wanted.parent):
            return f"no file matches {shown(self.text)} in {shown(self.folder)}"
        near = difflib.get_close_matches(wanted.name, [p.name for p in wanted.parent.iterdir()], n=1)
        return f"there is no file {shown(self.text)} in {shown(self.folder)}" + (
            f"; did you mean {shown(near[0])}?" if near else ""
        )

    def _holds(self, path: str, is_link: bool) -> bool:
        """A glob stays below its root; a link that leads out of it must be named itself (reliability B49)."""
        if is_link:
            return self._is_below(os.path.realpath(path))
        folder = path[: path.rfind(os.sep) + 1]  # a hundred thousand paths lie in a few folders
        if folder not in self._inside:
            self._inside[folder] = self._is_below(os.path.realpath(folder))
        return self._inside[folder]

    def _is_below(self, real: str) -> bool:
        return real == self._root or real.startswith(f"{self._root.rstrip(os.sep)}{os.sep}")


def _found(base: Path, rest: str) -> Iterator[str]:
    """The names of files below a folder."""
    if plain := ONE_STAR.fullmatch(rest):
        return _named(base, *plain.groups())
    from wcmatch import glob

    # CASE: blobs tell letters apart also where this machine's files do not.
    flags = glob.GLOBSTAR | glob.BRACE | glob.NODIR | glob.CASE
    return glob.iglob(rest, root_dir=str(base), flags=flags)


def _named(folder: Path, begin: str, end: str) -> Iterator[str]:
    """As wcmatch finds them: what is hidden, and what cannot be looked at, is left out."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith(begin) and name.endswith(end) and len(name) >= len(begin + end) and name[0] != ".":
                try:
                    is_folder = entry.is_dir()
                except OSError:
                    continue
                if not is_folder:
                    yield name


def _split_at_wildcard(pattern: str) -> tuple[str, str]:
    """`data/*.txt` as (`data`, `*.txt`); a pattern without wildcards keeps all of itself on the left."""
    parts = pattern.split("/")
    wild = next((i for i, part in enumerate(parts) if WILDCARD.search(part)), len(parts))
    return "/".join(parts[:wild]) or ("/" if pattern.startswith("/") else "."), "/".join(parts[wild:])


def _is_folder(path: Path) -> bool:
    """A name that is too long for any file, or has a NUL in it, is that of none."""
    return os.path.isdir(path)  # noqa: PTH112 - Path.is_dir raises for such names


def _why_no_blob(name: str) -> str | None:
    """Why a blob cannot be called so."""
    if PLAIN.fullmatch(name):
        return None
    return next((why for told, why in NAME_RULES if told(name)), None)


PLAIN = re.compile(r"[\w \-+,=@()]+(?:\.[\w \-+,=@()]+)*", re.ASCII)
"""Names that break no rule but those of length, which file systems keep: most of all, told quickly."""


def _is_not_utf8(name: str) -> bool:
    return any("\ud800" <= c <= "\udfff" for c in name)


NAME_RULES: tuple[tuple[Callable[[str], bool], str], ...] = (
    (_is_not_utf8, "its name is not UTF-8"),
    (lambda name: any(c in "\t\n\r" or is_hidden(c) for c in name), "its name has a control character"),
    (lambda name: "\\" in name, "its name has a backslash, which the service turns into a slash"),
    (lambda name: len(name) > LONGEST_NAME, f"the name of a blob has at most {LONGEST_NAME} characters"),
    (lambda name: name.count("/") >= MOST_SEGMENTS, f"the name of a blob has at most {MOST_SEGMENTS} segments"),
    (
        lambda name: any(part.endswith(".") for part in name.split("/")),
        "a part of its name ends with a dot, which the service drops",
    ),
)
"""What a blob cannot be called (reliability B59 to B65)."""
