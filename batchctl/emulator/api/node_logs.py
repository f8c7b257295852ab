"""Node logs to a container, on request: what the node's agent would have written, as text files."""

import hashlib
import uuid
from pathlib import Path

from batchctl.emulator import times
from batchctl.emulator.api import nodes
from batchctl.emulator.life.run_orders import node_root
from batchctl.emulator.life.service import Service
from batchctl.emulator.node import blobs
from batchctl.emulator.node.run import LOG, write_log
from batchctl.emulator.records import Node
from batchctl.emulator.refusals import Refusal
from batchctl.emulator.wire.messages import Answer, Call
from batchctl.emulator.wire.pool_bodies import UPLOAD_LOGS


def upload_node_logs(service: Service, call: Call) -> Answer:
    """Uploads in a thread of its own; the answer says where the files will be."""
    node = nodes.find_node(service, call)
    container = call.body(UPLOAD_LOGS)["containerUrl"]
    if not container.lower().startswith(("http://", "https://")):
        raise Refusal("InvalidPropertyValue", (("PropertyName", "containerUrl"), ("Reason", "a URL is wanted")))
    folder = _folder_of(service.settings.account, node)
    root = node_root(service.settings, node)
    for line in _node_story(node):
        write_log(root, line)
    # The answer does not wait for it; a failure is in our log alone.
    service.aside(lambda: _upload_log(container, folder, root / LOG))
    metadata = f"{call.base}/$metadata#Microsoft.Azure.Batch.Protocol.Entities.UploadBatchServiceLogsResult"
    return Answer(200, {"odata.metadata": metadata, "virtualDirectoryName": folder, "numberOfFilesUploaded": 1})


def _folder_of(account: str, node: Node) -> str:
    """As the service names it: the account with a number, the pool in small letters, the node, the upload."""
    number = hashlib.sha256(account.encode()).hexdigest()[:16].upper()
    return f"{account}-{number}/{node.pool.lower()}/{node.id}/{uuid.uuid4()}"


def _upload_log(container: str, folder: str, log: Path) -> None:
    blobs.put_blob(blobs.blob_url(container, f"{folder}/agent.log"), log, {"Content-Type": "text/plain"})


def _node_story(node: Node) -> list[str]:
    """How the node is, in lines."""
    lines = [f"{times.stamp(node.created)} allocated as {node.id} with address {node.ip}"]
    lines += [f"{times.stamp(node.booted)} booted"] if node.booted else []
    lines += [f"{times.stamp(node.state_time)} is {node.state}, scheduling {node.scheduling}"]
    lines += [f"tasks run {node.tasks_run}, succeeded {node.tasks_succeeded}"]
    return [*lines, *(f"error {error['code']}: {error['message']}" for error in node.errors)]
