"""Containers: observe, create, delete. A container that holds what is not ours is never deleted."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from urllib.parse import quote
from xml.etree import ElementTree

from batchctl.cloud import marks
from batchctl.cloud.clients.session import GONE_WITHIN, Session
from batchctl.cloud.clients.storage import metadata_headers, metadata_of
from batchctl.cloud.transfer.listing import list_blobs
from batchctl.cloud_answers import Outcome
from batchctl.errors import CloudError, Refused
from batchctl.resources import Container
from batchctl.words import some

MOST_PAGES = 1000
"""Five million containers: a service that still names a next page goes round in circles."""

END = "&marker="
"""Of the first page, which has no marker."""


def observe(session: Session, owner: str, names: Iterable[str]) -> tuple[Container, ...]:
    """Containers that bear our mark or one of these names."""
    wanted = frozenset(names)
    return tuple(c for c in list_containers(session) if c.owner == owner or c.name in wanted)


def list_containers(session: Session) -> tuple[Container, ...]:
    """All containers of the account, whosever."""
    return tuple(_each_container(session))


def _each_container(session: Session) -> Iterator[Container]:
    marker, markers = "", set[str]()
    while marker not in markers and len(markers) < MOST_PAGES:
        markers.add(marker)
        page = session.get_of_account(f"comp=list&include=metadata&marker={quote(marker, safe='')}".removesuffix(END))
        try:
            root = ElementTree.fromstring(page)
            yield from map(_read_container, root.findall("Containers/Container"))
        except (ElementTree.ParseError, LookupError) as error:
            place = session.sas.endpoint
            raise CloudError(f"{place} did not answer as blob storage does: is this the account's endpoint?") from error
        marker = root.findtext("NextMarker") or ""
        if not marker:
            return
    raise CloudError("the list of containers does not come to an end")


def _read_container(element: ElementTree.Element) -> Container:
    """REST: List Containers."""
    metadata = {child.tag: child.text or "" for child in element.findall("Metadata/*")}
    return Container(
        name=element.findall("Name")[0].text or "",
        keep=marks.KEEP in metadata,
        owner=metadata.get(marks.OWNER),
        stamp=marks.read_stamp(metadata),
        leased=element.findtext("Properties/LeaseStatus") == "locked",
        lost=tuple(metadata.get(marks.LOST, "").split()),
    )


def create(session: Session, containers: Sequence[Container], owner: str) -> Iterator[Outcome]:
    return session.each(containers, partial(_create_container, session, owner))


def update(session: Session, pairs: Sequence[tuple[Container, Container]], owner: str) -> Iterator[Outcome]:
    return session.each([wanted for _, wanted in pairs], lambda wanted: _mark_container(session, owner, wanted, owner))


def adopt(session: Session, pairs: Sequence[tuple[Container, Container]], owner: str) -> Iterator[Outcome]:
    held = {ours: found for found, ours in pairs}
    return session.each(held, lambda ours: _mark_container(session, owner, ours, held[ours].owner))


def delete(session: Session, containers: Sequence[Container], owner: str) -> Iterator[Outcome]:
    return session.each(containers, partial(_delete_container, session, owner))


def _create_container(session: Session, owner: str, container: Container) -> None:
    place = f"{container.name}?restype=container"

    def attempt() -> bool:
        asked = metadata_headers(_container_metadata(session, owner, container))
        try:
            session.ask(lambda: session.send_of_account("PUT", place, asked, b""))
        except CloudError as error:
            if error.code == "ContainerBeingDeleted":
                return False
            # Our own request may have been done although its answer was lost: then the mark is there.
            if error.code != "ContainerAlreadyExists" or _owner_of(session, container.name) != owner:
                raise
        return True

    session.until(attempt, f"container {container.name!r} is still being deleted", GONE_WITHIN)


def _mark_container(session: Session, owner: str, container: Container, before: str | None) -> None:
    """Write our marks anew, if it belongs to whom it did before; what others put beside them stays."""
    client = session.blobs.get_container_client(container.name)
    held = session.ask(client.get_container_properties).metadata or {}
    if held.get(marks.OWNER) != before:
        raise Refused([f"container {container.name!r} has changed hands"])
    theirs = {name: value for name, value in held.items() if not name.startswith(marks.OURS)}
    lost = list(dict.fromkeys((*held.get(marks.LOST, "").split(), *container.lost)))[-marks.MOST_LOST :]
    ours = _container_metadata(session, owner, container) | ({marks.LOST: " ".join(lost)} if lost else {})
    session.ask(lambda: client.set_container_metadata({**theirs, **ours}))


def _container_metadata(session: Session, owner: str, container: Container) -> dict[str, str]:
    kept = {marks.KEEP: "true"} if container.keep else {}
    return marks.spec_marks(owner, container, session.service_clock.now()) | kept


def _delete_container(session: Session, owner: str, container: Container) -> None:
    if foreign := [b.path for b in list_blobs(session, container.name) if b.owner != owner or b.snapshots]:
        raise Refused([f"container {container.name!r} holds what is not ours by now: {some(sorted(foreign))}"])
    client = session.blobs.get_container_client(container.name)
    properties = session.find(client.get_container_properties)
    if properties is None:
        return
    if (properties.metadata or {}).get(marks.OWNER) != owner:
        raise Refused([f"container {container.name!r} does not bear our mark any more"])
    # On the condition that its marks are those that we have just seen; blobs do not move its date.
    session.find(lambda: client.delete_container(if_unmodified_since=properties.last_modified))
    session.until(lambda: session.find(client.get_container_properties) is None, f"{container.name!r} is not gone")


def _owner_of(session: Session, name: str) -> str | None:
    """REST: Get Container Properties."""
    found = session.find(lambda: session.send_of_account("GET", f"{name}?restype=container", {}))
    return metadata_of(found.headers).get(marks.OWNER) if found else None
