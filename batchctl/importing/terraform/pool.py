"""`azurerm_batch_pool` as a spec's pool."""

from collections.abc import Iterator
from dataclasses import replace

from batchctl.importing.found import Document, Found
from batchctl.importing.names import plain_name
from batchctl.importing.terraform.reading import document, plain_text, tell_others
from batchctl.importing.terraform.resources import Resource
from batchctl.importing.terraform.words import BELOW, BOTH_KINDS, OTHERS, WORDS


def pool_document(resource: Resource) -> Document:
    """Raises SpecError."""
    values = resource.values
    said: Document = {"id": pool_id(resource)}
    name = values.need("name")
    if said["id"] != name.text():
        name.changed("pool.id", f"{said['id']}: letters, digits, hyphens and underscores")
    else:
        name.carried("pool.id")
    for part in (document(resource, WORDS, "pool"), *_below(resource)):
        _merge(said, part)
    _image(said)
    _without_talk(said, values)
    if _blocks(resource, "container_configuration"):
        said.setdefault("containerConfiguration", {})
    if "autoScaleFormula" not in said:
        # Nobody takes the nodes of this pool away when a job has ended.
        said["afterRun"] = "keep"
    tell_others(resource, OTHERS)
    return said


def pool_id(resource: Resource) -> str:
    return plain_name(plain_text(resource.values.need("name")), "pool")


def _below(resource: Resource) -> Iterator[Document]:
    for name, blocks in BELOW:
        for block in _blocks(resource, name):
            yield document(replace(resource, values=block), (blocks,), "pool")


def _blocks(resource: Resource, name: str) -> list[Found]:
    found = resource.values.get(name)
    return [block for block in found.members() if not block.is_nothing] if found is not None else []


def _merge(said: Document, part: Document) -> None:
    for name, value in part.items():
        if isinstance(value, dict) and isinstance(said.get(name), dict):
            _merge(said[name], value)
        else:
            said[name] = value


def _without_talk(said: Document, values: Found) -> None:
    if said.get("targetDedicatedNodes") and said.get("targetSpotNodes") and "enableInterNodeCommunication" in said:
        del said["enableInterNodeCommunication"]
        values.need("inter_node_communication").changed("pool", BOTH_KINDS)


GALLERIES = {"/sharedgalleries/": "sharedGalleryImageId", "/communitygalleries/": "communityGalleryImageId"}


def _image(said: Document) -> None:
    """One of a gallery that is shared has a name of its own."""
    own = said.get("image", {}).get("virtualMachineImageId", "")
    for part, name in GALLERIES.items():
        if part in own.lower():
            said["image"] = {name: own}
