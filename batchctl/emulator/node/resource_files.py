"""Resource files onto the node: every form of them, below the working directory. Runs in a thread, as it waits."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from batchctl.emulator.node import blobs
from batchctl.emulator.node.outcome import Failed

DEFAULT_MODE = "0770"
_CODES = {
    404: "BlobNotFound",
    403: "BlobAccessDenied",
    401: "BlobAccessDenied",
    409: "BlobAccessDenied",
    0: "BlobDownloadTimedOut",
}


def fetch_all(files: Sequence[dict[str, Any]], wd: Path, stopped: Callable[[], bool]) -> None:
    """Brings each file of each entry into `wd`. Raises Failed with the service's code; ends early if `stopped()`."""
    for file in files:
        try:
            for url, target in _downloads(file, wd):
                if stopped():
                    return
                _write_file(url, target, file.get("fileMode", DEFAULT_MODE))
        except blobs.BlobError as error:
            code = _CODES.get(error.status, "BlobDownloadMiscError")
            raise Failed(code, BlobSource=error.url, FilePath=file.get("filePath", ""), Message=_why(error)) from error
        except (OSError, ValueError) as error:
            raise Failed(
                "ResourceFileCreateFailed",
                BlobSource=_source_of(file),
                FilePath=file.get("filePath", ""),
                Message=str(error),
            ) from error


def _why(error: blobs.BlobError) -> str:
    """What was answered, or why nothing was."""
    return f"{error.status} {error.reason}".strip() if error.status > 0 else error.reason or "no answer in time"


def _source_of(file: dict[str, Any]) -> str:
    return blobs.without_query(file.get("httpUrl") or file.get("storageContainerUrl") or "")


def path_inside(root: Path, relative: str) -> Path:
    """`root/relative`. ValueError if it leaves the root."""
    target = Path(os.path.normpath(root / relative))
    if not target.is_relative_to(root) or not target.resolve().is_relative_to(root.resolve()):
        raise ValueError(f"{relative} leaves the working directory")
    return target


def _downloads(file: dict[str, Any], wd: Path) -> Iterator[tuple[str, Path]]:
    if "httpUrl" in file:
        yield file["httpUrl"], path_inside(wd, file["filePath"])
    elif "storageContainerUrl" in file:
        folder, container = file.get("filePath", "."), file["storageContainerUrl"]
        for name in blobs.blob_names(container, file.get("blobPrefix", "")):
            yield blobs.blob_url(container, name), path_inside(wd, f"{folder}/{name}")
    else:
        raise Failed("BlobAccessDenied", Message="The account has no auto storage", FilePath=file.get("filePath", ""))


def _write_file(url: str, target: Path, mode: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    blobs.fetch_blob(url, target)
    target.chmod(int(mode, 8) & 0o777)
