"""Ways to move and list blobs, each a process of its own: `python -m benchmarks.clients WAY WHAT URL CONTAINER FOLDER`.

WAY: `ours` (batchctl's engine), `serial` (the tutorial's loop on the SDK), `threads` (the SDK in a pool of threads).
WHAT: `up`, `down`, or `list` (what a plan has to know: which files are not in the container as they are on the disk).
It says how long it took without its start and imports.
"""

import hashlib
import os
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from benchmarks import stub

ACCOUNT, KEY = os.environ.get("BENCHMARKS_ACCOUNT", stub.ACCOUNT), os.environ.get("BENCHMARKS_KEY", stub.KEY)
"""Of the stub, unless another service is named."""

AT_ONCE = 16


def ours(what: str, url: str, container: str, folder: Path) -> None:
    from batchctl.__main__ import seldom_collect

    seldom_collect()
    from batchctl.clock import SystemClock
    from batchctl.cloud.connect import Target, connect
    from batchctl.reconcile.carry_out.fetch import fetch
    from batchctl.reconcile.events import Fetched
    from batchctl.reconcile.outputs import Fetch
    from batchctl.spec.load import load
    from batchctl.spec.outside.stocktaking import take_inventory

    target = Target.local(
        batch_url="http://127.0.0.1:1",
        batch_account=ACCOUNT,
        batch_key=KEY,
        storage_url=url,
        storage_account=ACCOUNT,
        storage_key=KEY,
    )
    cloud = connect(target, SystemClock())
    upload = f"{{from: {folder}/*, to: {container}}}"
    text = f"{{version: 1, name: bench, storage: {{containers: {{{container}: {{}}}}, uploads: [{upload}]}}}}"
    path = folder.parent / f"{container}.yaml"
    path.write_text(text, encoding="utf-8")
    spec = load(path, {}, {})
    began = time.perf_counter()
    if what == "up":
        wanted = take_inventory(spec, {}).uploads
        assert [o.error for o in cloud.create(wanted, "bench") if o.error] == []
    else:
        fetches = [Fetch(blob=blob, root=folder) for blob in cloud.blobs(container)]
        assert all(isinstance(event, Fetched) for event in fetch(fetches, cloud))
    print(f"took {time.perf_counter() - began:.4f}")


def serial(what: str, url: str, container: str, folder: Path) -> None:
    _with_sdk(what, url, container, folder, lambda work, items: [work(item) for item in items])


def threads(what: str, url: str, container: str, folder: Path) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        _with_sdk(what, url, container, folder, lambda work, items: list(pool.map(work, items)))


def _with_sdk(what: str, url: str, container: str, folder: Path, each: Callable[..., Any]) -> None:
    from azure.core.credentials import AzureNamedKeyCredential
    from azure.core.pipeline.transport import RequestsTransport
    from azure.storage.blob import BlobServiceClient

    service = BlobServiceClient(
        url, AzureNamedKeyCredential(ACCOUNT, KEY), transport=RequestsTransport(use_env_settings=False)
    )
    client = service.get_container_client(container)

    def up(path: Path) -> None:
        with path.open("rb") as stream:
            client.upload_blob(path.name, stream, overwrite=True)

    def down(name: str) -> None:
        with (folder / name).open("wb") as stream:
            client.download_blob(name).readinto(stream)

    began = time.perf_counter()
    if what == "up":
        each(up, sorted(folder.iterdir()))
    elif what == "down":
        folder.mkdir(exist_ok=True)
        each(down, [blob.name for blob in client.list_blobs()])
    else:
        there = {blob.name: blob for blob in client.list_blobs(include=["metadata"])}
        changed = [p for p in folder.iterdir() if p.name not in there or there[p.name].size != p.stat().st_size]
        print(len(changed))
    print(f"took {time.perf_counter() - began:.4f}")


def hash_all(what: str, url: str, container: str, folder: Path) -> None:  # noqa: ARG001 - as the others
    """Nothing but the MD5 of every file: the least that a first plan has to do."""
    for path in folder.iterdir():
        hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()


WAYS = {"ours": ours, "serial": serial, "threads": threads, "hash": hash_all}

if __name__ == "__main__":
    way, what, url, container, folder = sys.argv[1:]
    WAYS[way](what, url, container, Path(folder))
