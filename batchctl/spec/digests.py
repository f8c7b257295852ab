"""Short hashes that change when what they stand for does: the content of files, and any value of texts and numbers."""

import hashlib
import json
from typing import Any

from batchctl.resources import Blob, ResourceFile
from batchctl.spec.inventory import Inventory


class Digests:
    """What resource files will bring: blobs with their MD5 (or ETag, where there is none).

    Containers are summed up once.
    """

    def __init__(self, inventory: Inventory) -> None:
        self.inventory = inventory
        self._containers: dict[tuple[str, str], str] = {}

    def content(self, file: ResourceFile) -> Any:
        """A value of texts and lists that changes when the file does."""
        if file.container is None:
            return [file.http_url, file.file_path, file.file_mode]
        if file.blob is None:
            return [file.container, self._all(file.container, file.blob_prefix or ""), file.file_path, file.file_mode]
        blob = self.inventory.content(file.container).get(file.blob)
        return [file.container, file.blob, _version(blob) if blob else None, file.file_path, file.file_mode]

    def _all(self, container: str, prefix: str) -> str:
        if (container, prefix) not in self._containers:
            blobs = self.inventory.content(container).items()
            chosen = [[path, _version(blob)] for path, blob in blobs if path.startswith(prefix)]
            self._containers[container, prefix] = short(chosen)
        return self._containers[container, prefix]


def _version(blob: Blob) -> str | None:
    return blob.md5 or blob.etag


def short(value: Any) -> str:
    """Twelve hex digits over a value of lists, texts and numbers."""
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()[:12]
