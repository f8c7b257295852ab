"""Output files to their containers: patterns to files, files to blobs. Runs in a thread, as it waits."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from string import Template
from typing import IO, Any

from batchctl.emulator.node import blobs
from batchctl.emulator.node.outcome import Failed
from batchctl.emulator.node.tree import all_below

_CODES = {404: "FileUploadContainerNotFound", 403: "FileUploadAccessDenied", 401: "FileUploadAccessDenied"}
_WILD = re.compile(r"[*?\[]")
MOST_NAMED = 5
_CONDITIONS = {"taskcompletion": (True, False), "tasksuccess": (True,), "taskfailure": (False,)}


def upload_all(
    files: Sequence[dict[str, Any]], wd: Path, root: Path, environment: Mapping[str, str], succeeded: bool
) -> None:
    """Uploads what the entries ask for after such an end, below the node's directory `root`. Raises Failed with the
    service's code.

    Writes what it did to fileuploadout.txt and fileuploaderr.txt beside the working directory.
    """
    due = [file for file in files if succeeded in _CONDITIONS[file["uploadOptions"]["uploadCondition"].lower()]]
    if not due:
        return
    with _open_log(wd, "fileuploadout.txt") as out, _open_log(wd, "fileuploaderr.txt") as err:
        failed = [failure for file in due for failure in _upload_matching(file, wd, root, environment, out, err)]
    if failed:
        raise _first_of(failed)


def _first_of(failed: Sequence[Failed]) -> Failed:
    """The first, whose message names the files of the others as well, the first few of them."""
    first, *others = [dict(failure.failure.details) for failure in failed]
    names = list(dict.fromkeys(Path(other.get("FilePath") or other["FilePattern"]).name for other in others))
    if names:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        first["Message"] += f"; nor was uploaded: {', '.join(names[:MOST_NAMED])}{more} (fileuploaderr.txt says why)"
    return Failed(failed[0].failure.code, **first)


def _upload_matching(
    file: dict[str, Any], wd: Path, root: Path, environment: Mapping[str, str], out: IO[str], err: IO[str]
) -> Iterator[Failed]:
    """Uploads what one entry asks for; what fails keeps no other file from coming, unless it is the container's no."""
    destination, pattern = file["destination"]["container"], file["filePattern"]
    try:
        for path, name in matching_files(pattern, destination.get("path"), wd, root, environment):
            try:
                _keep_to_node(path, root)
                url = blobs.blob_url(destination["containerUrl"], name)
                blobs.put_blob(url, path, _upload_headers(destination))
                out.write(f"{path} -> {name}\n")
            except (blobs.BlobError, OSError, ValueError) as error:
                err.write(f"{path} -> {name}: {_reason(error)}\n")
                yield _upload_failed(error, pattern, str(path))
                if isinstance(error, blobs.BlobError):
                    return
    except (OSError, ValueError, re.error) as error:  # a pattern that nobody can use
        err.write(f"{pattern}: {_reason(error)}\n")
        yield _upload_failed(error, pattern, "")


def open_at_once(path: str, flags: int) -> int:
    """An opener for files in directories that are the task's: a pipe without a reader is an OSError, not a wait."""
    return os.open(path, flags | os.O_NONBLOCK, 0o666)


def _open_log(wd: Path, name: str) -> IO[str]:
    return open(wd.parent / name, "a", encoding="utf-8", errors="backslashreplace", opener=open_at_once)


def matching_files(
    pattern: str, path: str | None, wd: Path, root: Path, environment: Mapping[str, str]
) -> Iterator[tuple[Path, str]]:
    """The files that match the pattern, each with the name of its blob.

    Without wildcards `path` is the blob's name; with them it is a prefix of the part below the pattern's fixed
    directory. Raises PermissionError where the pattern leads out of the node's directory.
    """
    pattern = Template(pattern).safe_substitute(environment)
    if not _WILD.search(pattern):
        file = Path(os.path.normpath(wd / pattern))
        _keep_to_node(file, root)
        if _is_file(file):
            yield file, path or file.name
        return
    fixed, wild = _split_pattern(pattern)
    base = Path(os.path.normpath(wd / fixed))
    _keep_to_node(base, root)
    matches = re.compile(_pattern_regex(wild))
    for file in sorted(all_below(base)):
        relative = file.relative_to(base).as_posix()
        if matches.fullmatch(relative) and _is_file(file):
            yield file, f"{path.rstrip('/')}/{relative}" if path else relative


def _split_pattern(pattern: str) -> tuple[str, str]:
    """The directories before the first wildcard, and the rest."""
    parts = PurePosixPath(pattern).parts
    first = next(index for index, part in enumerate(parts) if _WILD.search(part))
    return str(PurePosixPath(*parts[:first])), "/".join(parts[first:])


def _pattern_regex(wild: str) -> str:
    """`**` spans directories, `*` and `?` do not; a leading dot matches only a dot that was asked for."""
    out, index = "", 0
    while index < len(wild):
        start = index == 0 or wild[index - 1] == "/"
        if wild.startswith("**/", index):
            out, index = out + r"(?:(?!\.)[^/]+/)*", index + 3
        elif wild.startswith("**", index):
            out, index = out + r"(?:(?!\.)[^/]+(?:/(?!\.)[^/]+)*)?", index + 2
        elif wild[index] in "*?":
            out += (r"(?!\.)" if start else "") + ("[^/]*" if wild[index] == "*" else "[^/]")
            index += 1
        elif wild[index] == "[" and (end := wild.find("]", index + 2)) > 0:
            inside = re.sub(r"[\\\[&~|]", r"\\\g<0>", wild[index + 1 : end])
            out, index = out + "[" + (f"^/{inside[1:]}" if inside[0] in "!^" else inside) + "]", end + 1
        else:
            out, index = out + re.escape(wild[index]), index + 1
    return out


def _is_file(file: Path) -> bool:
    try:
        return file.is_file()
    except OSError:  # a link to where we may not look
        return False


def _keep_to_node(file: Path, root: Path) -> None:
    """On a node of Azure all is the node's; here only what lies below its directory, links out of it left out."""
    if not Path(os.path.realpath(file)).is_relative_to(os.path.realpath(root)):
        raise PermissionError(
            f"{file} is outside the node's directory {root}: this local service uploads nothing from there"
        )


def _upload_headers(destination: dict[str, Any]) -> dict[str, str]:
    return {header["name"]: header.get("value", "") for header in destination.get("uploadHeaders", ())}


def _upload_failed(error: Exception, pattern: str, path: str) -> Failed:
    status = error.status if isinstance(error, blobs.BlobError) else -1
    return Failed(_CODES.get(status, "FileUploadMiscError"), FilePattern=pattern, FilePath=path, Message=_reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, UnicodeEncodeError):
        return "the name of the file is no UTF-8, and names of blobs are"
    return str(error)
