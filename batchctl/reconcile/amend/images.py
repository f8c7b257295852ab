"""What the images that Batch supports say of a pool that is made, or whose image, agent or containers change. Pure."""

import difflib
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from batchctl.frozen import dataclass
from batchctl.reconcile.plan import Action, Change
from batchctl.resources import Image, Pool, SupportedImage
from batchctl.vm_abilities import generation_of_size, is_arm

SOON = timedelta(days=180)
"""So long before the end of its support an image is told."""

DOCKER, GENERATION_2 = "DockerCompatible", "Generation2VMImage"
ARM = "-arm64"
MACHINE_FIELDS = frozenset({"image", "node_agent_sku_id", "container_configuration"})
SIZE_FIELDS = frozenset({"image", "vm_size"})


def is_looked_at(change: Change) -> bool:
    """Is a pool made, or do these fields of it change? What is in an image that `raw` names, no list tells."""
    pool = change.after
    if not isinstance(pool, Pool) or (pool.raw is not None and "imagereference" in pool.raw.lower()):
        return False
    return _is_made(change) or any(field.name in MACHINE_FIELDS for field in change.fields)


def has_new_size(change: Change) -> bool:
    """Is a pool made, or does its size or image change?"""
    pool = change.after
    if not isinstance(pool, Pool) or (pool.raw is not None and "imagereference" in pool.raw.lower()):
        return False
    return _is_made(change) or any(field.name in SIZE_FIELDS for field in change.fields)


def image_name(image: Image) -> str:
    return (image.id or f"{image.publisher}/{image.offer}/{image.sku}").lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A pool beside what Batch supports now. `image_is_new`: it has no nodes of this image yet."""

    pool: Pool
    image_is_new: bool
    images: Sequence[SupportedImage]
    now: datetime

    @property
    def image(self) -> str:
        return image_name(self.pool.image)

    @property
    def agent(self) -> str:
        return str(self.pool.node_agent_sku_id)

    @property
    def listed(self) -> list[SupportedImage]:
        """All that Batch says of the image, one for each node agent."""
        return [known for known in self.images if image_name(known.image) == self.image]

    @property
    def fitting(self) -> list[str]:
        """The node agents that Batch names for the image."""
        return sorted({known.node_agent_sku_id for known in self.listed})

    @property
    def end(self) -> datetime | None:
        """When the image's support ends: with this agent where that is listed, else the last of all."""
        found = [k for k in self.listed if k.node_agent_sku_id.lower() == self.agent.lower()] or self.listed
        known = [k.end_of_life for k in found if k.end_of_life is not None]
        return max(known) if known and len(known) == len(found) else None


def agent_fits(look: Look) -> Iterator[str]:
    """REST: nodeAgentSKUId is that which the image supports."""
    agents = sorted({known.node_agent_sku_id for known in look.images})
    if look.agent.lower() not in map(str.lower, agents):
        near = difflib.get_close_matches(look.agent, agents, n=3, cutoff=0.3)
        way_out = _few("; take", look.fitting) or _few("; the nearest that it has:", near)
        yield f"Batch has no node agent {look.agent!r}{way_out}"
    elif look.fitting and _system(look.agent) not in map(_system, look.fitting):
        other = f"the node agent {look.agent!r} is of another system than the image {look.image}"
        yield f"{other}{_few('; take', look.fitting)}"


def runs_docker(look: Look) -> Iterator[str]:
    """Learn, "Use Azure Batch to run container workloads": images with this capability alone run containers."""
    containers, found = look.pool.container_configuration, look.listed
    if containers is None or containers.type.lower() != DOCKER.lower() or not found or any(map(_has_docker, found)):
        return
    others = [k for k in look.images if _has_docker(k) and k.os_type == found[0].os_type and not _ended(k, look.now)]
    names = list(dict.fromkeys(image_name(k.image) for k in sorted(others, key=lambda k: not k.verified)))
    yield f"the image {look.image} has no Docker, which containerConfiguration needs{_few('; these have it:', names)}"


def suits_the_size(look: Look) -> Iterator[str]:
    """Learn, "Support for Generation 2 VMs", and the capability of that name: sizes of one generation alone start
    images of it alone. Where no image has the capability, nobody says which have it."""
    size = look.pool.vm_size
    if not look.listed or not any(map(_is_gen_2, look.images)):
        return
    yield from _of_the_generation(look, generation_of_size(size))
    if is_arm(size) != look.agent.lower().endswith(ARM):
        kind = ("an Arm size", "x64") if is_arm(size) else ("no Arm size", "Arm")
        yield f"{size} is {kind[0]}, and the node agent {look.agent!r} of the image {look.image} is for {kind[1]}"


def _of_the_generation(look: Look, needs: int | None) -> Iterator[str]:
    found = look.listed
    has = 2 if any(map(_is_gen_2, found)) else 1
    if needs is None or needs == has or not found or not any(map(_is_gen_2, look.images)):
        return
    others = [k for k in look.images if _is_alike(k, found[0]) and _is_gen_2(k) == (needs == 2)]
    names = list(dict.fromkeys(image_name(k.image) for k in others if not _ended(k, look.now)))
    size, way_out = look.pool.vm_size, _few("; take", names)
    yield f"{size} starts images of generation {needs} alone, and {look.image} is one of {has}{way_out}"


def other_generation(pool: Pool, generation: int, images: Sequence[SupportedImage], now: datetime) -> Iterator[str]:
    """Why a size that the account says to be of this generation alone does not start the pool's image."""
    yield from _of_the_generation(Look(pool=pool, image_is_new=False, images=images, now=now), generation)


def is_still_supported(look: Look) -> Iterator[str]:
    """REST, batchSupportEndOfLife: when the service stops to accept requests for pools of the image."""
    if look.image_is_new and look.end and look.end <= look.now:
        yield f"Batch makes no pools of the image {look.image} since {look.end:%Y-%m-%d}: take a newer one"


def ends_soon(look: Look) -> Iterator[str]:
    if look.end and look.now < look.end <= look.now + SOON:
        yield f"Batch makes pools of the image {look.image} until {look.end:%Y-%m-%d} only"


def agent_is_named(look: Look) -> Iterator[str]:
    """One of another version of the same system; whether the service takes it, no page says."""
    is_other = look.agent.lower() not in map(str.lower, look.fitting)
    if is_other and _system(look.agent) in map(_system, look.fitting):
        yield f"Batch names another node agent than {look.agent!r} for {look.image}{_few(':', look.fitting)}"


REFUSED: tuple[Callable[[Look], Iterator[str]], ...] = (agent_fits, runs_docker, is_still_supported)
OF_THE_SIZE: tuple[Callable[[Look], Iterator[str]], ...] = (suits_the_size,)
NOTED: tuple[Callable[[Look], Iterator[str]], ...] = (agent_is_named, ends_soon)


def told(
    rules: Sequence[Callable[[Look], Iterator[str]]], change: Change, images: Sequence[SupportedImage], now: datetime
) -> Iterator[str]:
    """What the rules say of a change that they look at, and whose pool has its agent."""
    pool = change.after
    if not isinstance(pool, Pool) or pool.node_agent_sku_id is None:
        return
    image_is_new = _is_made(change) or any(field.name == "image" for field in change.fields)
    look = Look(pool=pool, image_is_new=image_is_new, images=images, now=now)
    for rule in rules:
        yield from (f"pool {pool.name!r}: {said}" for said in rule(look))


def _is_made(change: Change) -> bool:
    return change.action in (Action.CREATE, Action.REPLACE)


def _has_docker(image: SupportedImage) -> bool:
    return DOCKER in image.capabilities


def _is_gen_2(image: SupportedImage) -> bool:
    return GENERATION_2 in image.capabilities


def _is_alike(image: SupportedImage, other: SupportedImage) -> bool:
    return (image.image.publisher, _system(image.node_agent_sku_id)) == (
        other.image.publisher,
        _system(other.node_agent_sku_id),
    )


def _ended(image: SupportedImage, now: datetime) -> bool:
    return image.end_of_life is not None and image.end_of_life <= now


def _system(agent: str) -> tuple[str, bool]:
    """`batch.node.ubuntu 24.04-arm64` as its system, and whether it is for Arm."""
    return agent.lower().partition(" ")[0], agent.lower().endswith(ARM)


def _few(lead: str, names: Sequence[str]) -> str:
    return f"{lead} {', '.join(names[:3])}" if names else ""
