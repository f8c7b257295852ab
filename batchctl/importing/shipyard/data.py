"""Files that come and go in Batch Shipyard: blobxfer's moves as resource and output files."""

import re
from collections.abc import Sequence
from posixpath import dirname, join, normpath

from batchctl.frozen import dataclass
from batchctl.importing.found import Document, Found
from batchctl.importing.signed import plain_url
from batchctl.spec.source import shown

WORKING, TASK = "$AZ_BATCH_TASK_WORKING_DIR", "$AZ_BATCH_TASK_DIR"
CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")
WILD = re.compile(r"[*?\[]")
STRIPPED = re.compile(r"--strip-components[ =]([0-9]+)")
NO_FAILURE = "a failed upload did not fail the task there; here it does"


@dataclass(slots=True)
class Storage:
    """The one storage account that a spec has, told by the first name that a file uses, and its containers."""

    account: str
    containers: dict[str, Document]

    def place(self, item: Found, to: str) -> tuple[str, str] | None:
        """(container, path in it) of what `remote_path` names; None where it is refused."""
        link, path = item.need("storage_account_settings"), item.need("remote_path")
        if not self.account:
            self.account = link.text()
        if link.text() != self.account:
            item.refused(f"a spec has one storage account, and this is another than {self.account!r}")
            return None
        if (share := item.get("is_file_share")) is not None:
            if share.truth():
                item.refused("a file share: mount it by pool.mountConfiguration, with ${env:NAME} for the key")
                return None
            share.carried("")
        link.carried("storage", "the account that the environment or `account:` names")
        path.carried(to)
        container, _, prefix = path.text().strip("/").partition("/")
        if not CONTAINER.fullmatch(container):
            path.wrong(f"{shown(container)} is no container: 3 to 63 lower-case letters, digits and single hyphens")
        self.containers.setdefault(container, {"external": True})
        return container, prefix


def fetched(data: Found, storage: Storage, to: str) -> tuple[list[Document], list[str]]:
    """(resource files, lines that put them in their place) of what comes to nodes before tasks."""
    files: list[Document] = []
    lines: list[str] = []
    for number, item in enumerate(data.members()):
        if (place := storage.place(item, f"{to}.resourceFiles")) is None:
            continue
        _all_of_it(item, f"{to}.resourceFiles")
        folder = f"input-{number}"
        files.append({**_container_files(place), "filePath": folder})
        target = item.need("local_path").carried(f"{to}.commands").text()
        lines += [f'mkdir -p "{target}"', f'cp -R {folder}/. "{target}/"']
    return files, lines


def task_files(data: Found, storage: Storage, to: str) -> list[Document]:
    files: list[Document] = []
    for item in data.members():
        target = item.get("local_path")
        below = _below_working(target.text() if target else WORKING)
        if below is None:
            item.refused("it goes outside the task's working directory, where Batch puts no files of a task")
            continue
        if (place := storage.place(item, to)) is None:
            continue
        if target is not None:
            target.carried(to)
        _all_of_it(item, to)
        files.append({**_container_files(place), **({"filePath": below} if below else {})})
    return files


def _container_files(place: tuple[str, str]) -> Document:
    container, prefix = place
    return {"container": container, **({"blobPrefix": prefix} if prefix else {})}


def _all_of_it(item: Found, to: str) -> None:
    """Batch brings all blobs with a prefix."""
    for name in ("include", "exclude"):
        if (found := item.get(name)) is not None:
            found.changed(to, "Batch has no filter here: all blobs below the prefix come")
    if (options := item.get("blobxfer_extra_options")) is not None:
        options.refused("blobxfer does not run: the whole names of blobs are kept")


def _below_working(path: str) -> str | None:
    plain = path.replace("${AZ_BATCH_TASK_WORKING_DIR}", WORKING)
    if plain.rstrip("/") == WORKING:
        return ""
    found = normpath(plain.removeprefix(f"{WORKING}/")) if plain.startswith(f"{WORKING}/") else plain
    return None if found.startswith(("/", "$", "..")) else found


def resource_files(files: Found, to: str) -> list[Document]:
    """Plain resource files of Batch."""
    found: list[Document] = []
    for number, item in enumerate(files.members()):
        said: Document = {
            "httpUrl": plain_url(item.need("blob_source"), f"{to}.httpUrl", f"SAS_{number + 1}"),
            "filePath": item.need("file_path").carried(f"{to}.filePath").text(),
        }
        if (mode := item.get("file_mode")) is not None:
            said["fileMode"] = mode.carried(f"{to}.fileMode").text()
        found.append(said)
    return found


def output_files(data: Found, storage: Storage, *, native: bool) -> list[Document]:
    to = "job.tasks[].outputFiles"
    found: list[Document] = []
    for item in data.members():
        if (exclude := item.get("exclude")) is not None:
            exclude.refused("Batch has no filter here: name what is wanted in filePattern")
        if (place := storage.place(item, to)) is None:
            continue
        options = item.get("blobxfer_extra_options")
        strip = _stripped(options) if options is not None else 0
        beside = item.get("local_path")
        if beside is not None:
            beside.carried(to)
        base = (beside.text() if beside else TASK).rstrip("/")
        patterns = _patterns(item.get("include"), to, native=native)
        for pattern in patterns:
            said = _native(base, pattern, place) if native else _copied(base, pattern, place, strip)
            found.append({**said, **_condition(item, to)})
    return found


def _patterns(include: Found | None, to: str, *, native: bool) -> Sequence[str]:
    if include is None:
        return ("**/*",) if native else ("*",)
    if native:
        include.carried(to, "below local_path alone: no pattern without ** looks into folders")
    else:
        include.carried(to, f"fnmatch below local_path, `*` crosses `/`; {NO_FAILURE}")
    return include.texts()


def _condition(item: Found, to: str) -> Document:
    found = item.get("condition")
    words = {"tasksuccess": "taskSuccess", "taskfailure": "taskFailure", "taskcompletion": "taskCompletion"}
    if found is None:
        return {}
    word = words.get(found.text().lower()) or found.wrong(f"one of {', '.join(words)}")
    found.carried(f"{to}.uploadCondition")
    return {} if word == "taskSuccess" else {"uploadCondition": word}


def _stripped(options: Found) -> int:
    found = STRIPPED.fullmatch(options.text().strip())
    if found is None:
        options.refused("blobxfer does not run: of its options --strip-components alone has a meaning here")
        return 0
    options.carried("job.tasks[].outputFiles.path")
    return int(found[1])


def _copied(base: str, pattern: str, place: tuple[str, str], strip: int) -> Document:
    """What blobxfer uploads of `base`: blobs are called as files are below it."""
    container, prefix = place
    folder, wild = _fixed(pattern)
    kept = "/".join(folder.split("/")[strip:]) if folder else ""
    if wild is None:
        name = "/".join(pattern.split("/")[min(strip, pattern.count("/")) :])
        return _output(join(base, pattern), container, join(prefix, name))
    # There `*` crosses directories.
    below = f"**/{wild}" if wild.startswith("*") and not wild.startswith("**") else wild
    return _output(join(base, folder, below), container, join(prefix, kept).rstrip("/"))


def _native(base: str, pattern: str, place: tuple[str, str]) -> Document:
    """What the tool asks Batch for on a native pool."""
    container, prefix = place
    if WILD.search(pattern):
        return _output(join(base, pattern), container, prefix)
    return _output(join(base, pattern), container, join(prefix, pattern))


def _output(pattern: str, container: str, path: str) -> Document:
    return {"filePattern": relative(pattern), "container": container, **({"path": path} if path else {})}


def _fixed(pattern: str) -> tuple[str, str | None]:
    """(the directory without wildcards that it begins with, the rest; None where it has no wildcard)."""
    found = WILD.search(pattern)
    if found is None:
        return dirname(pattern), None
    folder = pattern[: found.start()].rpartition("/")[0]
    return folder, pattern[len(folder) + 1 if folder else 0 :]


def relative(path: str) -> str:
    """A pattern below the task's directory as Batch takes it, from the working directory."""
    for variable, at in ((WORKING, ""), (TASK, "..")):
        for spelled in (variable, f"${{{variable[1:]}}}"):
            if path.startswith(f"{spelled}/"):
                found = normpath(join(at, path[len(spelled) + 1 :]))
                return found.removeprefix("../wd/") if found.startswith("../wd/") else found
    return path
