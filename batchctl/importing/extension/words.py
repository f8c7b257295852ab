"""What the extension adds to Batch's bodies: file groups, command lines with a shell around them, packages."""

import hashlib
import re
import shlex
from collections.abc import Callable, Sequence

from batchctl.frozen import dataclass
from batchctl.importing.found import Document, Found
from batchctl.importing.rest.parts import Parts

PREFIXED = ("cmd.exe /c", "cmd /c", "/bin/bash -c", "/bin/sh -c")
PREFIX, LONGEST = "fgrp-", 58
WRAPPED = "the tool puts it into /bin/bash -c 'set -e; set -o pipefail; …; wait'"
QUOTED = f"{WRAPPED}, and a quote in it ends that: what stands behind it is not run as it looks"


def container_of(group: Found, name: str) -> str:
    """The container of a file group, as the tool calls it. Raises SpecError."""
    lowered = name.lower()
    clean = re.sub(r"[_-]+", "-", lowered).rstrip("-")
    if not re.fullmatch(r"[a-z0-9][-a-z0-9]*", clean):
        group.wrong("a file group has letters, digits, hyphens and underscores")
    if clean == lowered and len(lowered) <= LONGEST:
        return PREFIX + lowered
    told = hashlib.sha1(lowered.encode(), usedforsecurity=False).hexdigest()
    made = f"{clean}-{told}"
    return PREFIX + (made if len(made) <= LONGEST else f"{clean[:15]}-{told}")


def wrapped(text: str, *, windows: bool) -> str:
    """A command line as the tool sends it."""
    if text.startswith(PREFIXED):
        return text
    return f'cmd /c "{text}"' if windows else f"/bin/bash -c 'set -e; set -o pipefail; {text}; wait'"


def tell_line(line: Found, text: str, to: str, *, windows: bool) -> None:
    if text.startswith(PREFIXED):
        line.carried(to)
    elif "'" in text and not windows:
        line.changed(to, QUOTED)
    else:
        line.carried(to, WRAPPED if not windows else 'the tool puts it into cmd /c "…"')


def install_line(packages: Sequence[Found]) -> str:
    """What installs packages; "" where there are none. Raises SpecError."""
    lines: list[str] = []
    first = ""
    for package in packages:
        kind = package.need("type").text()
        if kind not in INSTALLED or (lines and kind != first):
            package.wrong(f"packages are of one type, {' or '.join(INSTALLED)}")
        first = kind
        version = package.get("version")
        lines.append(INSTALLED[kind](package.need("id").text(), version.text() if version else ""))
        for name in package.names() - {"type", "id", "version"}:
            package.need(name).dropped("sources and keys are not added, as there")
        package.carried("commandLine")
    return ";".join([*(["apt-get update"] if first == "aptPackage" else []), *lines])


INSTALLED: dict[str, Callable[[str, str], str]] = {
    "aptPackage": lambda name, version: f"apt-get install -y {name}{f'={version}' if version else ''}",
    "yumPackage": lambda name, version: f"yum -y install {name}{f'-{version}' if version else ''}",
}


def with_packages(work: Document, install: str) -> Document:
    """A start or preparation task that installs first, as an administrator, and is waited for."""
    own = str(work.get("commandLine", ""))
    for prefix in ("/bin/bash -c ", "/bin/sh -c "):
        own = own.removeprefix(prefix)
    line = ";".join([install, *([own] if own else [])])
    admin = {"autoUser": {"scope": "pool", "elevationLevel": "admin"}}
    left = {name: value for name, value in work.items() if name not in ("waitForSuccess", "elevationLevel")}
    return {**left, "commandLine": f"/bin/bash -c {shlex.quote(line)}", "userIdentity": admin}


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups(Parts):
    """Bodies with file groups in them; `item`: what `{url}` alone stands for, "" where it stands for nothing."""

    item: str = ""

    def _resource_file(self, item: Found, to: str, number: int) -> Document:
        source: Found | None = item.get("source")
        url = item.get("httpUrl") or item.get("blobSource")
        if source is None and url is not None and url.text() == "{url}" and self.item:
            url.changed(f"{to}.blob", "the blob itself, which batchctl signs")
            landing = item.need("filePath").carried(f"{to}.filePath")
            return {"blob": self.item, "filePath": self.say(landing)}
        if source is None:
            return Parts._resource_file(self, item, to, number)
        group = source.get("fileGroup")
        if group is None:
            item.refused("of sources the tool takes file groups alone")
            return {}
        container = container_of(group.carried(f"{to}.container"), group.text())
        self.containers.setdefault(container, {"external": True})
        prefix, path = source.get("prefix"), item.get("filePath")
        said: Document = {"container": container}
        if prefix is not None:
            text = self.say(prefix)
            if path is not None and "." in text.rpartition("/")[2]:
                prefix.changed(
                    f"{to}.blob", "taken for one blob; with others of that prefix the tool makes a folder of it"
                )
                return {"blob": f"{container}/{text}", "filePath": self.say(path.carried(f"{to}.filePath"))}
            said["blobPrefix"] = text
            prefix.carried(f"{to}.blobPrefix")
        if path is not None:
            said["filePath"] = self.say(path.carried(f"{to}.filePath")).rstrip("/")
        return said

    def _output_file(self, item: Found, to: str, number: int) -> Document:
        group = item.get("destination", "autoStorage", "fileGroup")
        if group is None:
            return Parts._output_file(self, item, to, number)
        container = container_of(group.carried(f"{to}.container"), group.text())
        self.containers.setdefault(container, {"external": True})
        said: Document = {
            "filePattern": self.say(item.need("filePattern").carried(f"{to}.filePattern")),
            "container": container,
        }
        if (path := item.get("destination", "autoStorage", "path")) is not None:
            said["path"] = self.say(path.carried(f"{to}.path"))
        return {**said, **self.upload_condition(item, to)}


def alike(outputs: Sequence[Document], holes: Sequence[str]) -> list[int]:
    """Which of the outputs would be one blob for several tasks: its name lacks something that tells tasks apart."""
    found = []
    for number, output in enumerate(outputs):
        pattern = str(output["filePattern"])
        name = str(output.get("path", pattern))
        if not re.search(r"[*?\[]", pattern) and not all(f"{{{hole}" in name for hole in holes):
            found.append(number)
    return found
