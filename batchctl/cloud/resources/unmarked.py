"""Containers and blobs as somebody puts them there by hand: without our mark, so that they are nobody's."""

from collections.abc import Mapping
from pathlib import Path

from batchctl.cloud.clients.session import Session
from batchctl.errors import CloudError
from batchctl.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Unmarked:
    """The blob store of an account."""

    session: Session

    def blob_names(self, container: str) -> frozenset[str]:
        """The blobs of a container; none where it is not there."""
        client = self.session.blobs.get_container_client(container)
        try:
            return frozenset(self.session.ask(lambda: list(client.list_blob_names())))
        except CloudError as error:
            if error.code != "ContainerNotFound":
                raise
            return frozenset()

    def put_blobs(self, container: str, blobs: Mapping[str, bytes | Path]) -> None:
        """Makes the container if it is not there, and these blobs in it."""
        client = self.session.blobs.get_container_client(container)
        try:
            self.session.ask(client.create_container)
        except CloudError as error:
            if error.code != "ContainerAlreadyExists":
                raise
        for name, content in blobs.items():
            data = content.read_bytes() if isinstance(content, Path) else content
            self.session.ask(lambda name=name, data=data: client.upload_blob(name, data))  # type: ignore[misc]  # of now
