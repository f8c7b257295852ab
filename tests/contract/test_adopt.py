"""Taking over what somebody else made: our marks, their rest."""

from dataclasses import replace
from datetime import timedelta

import pytest

from batchctl.errors import CloudError
from batchctl.resources import Blob, Container, Job, Pool, Stamp
from tests.contract.conftest import World, container, done, refused
from tests.services import eventually

PLACE = "github.com/org/répo//specs/x y.yaml"


def stamped(world: World, *names: str) -> dict[str, tuple[str | None, str, bool]]:
    found = (*world.cloud.storage(world.owner, names)[0], *world.held(*names))
    return {
        r.name: (r.owner, r.stamp.origin, bool(r.stamp.expires)) for r in found if isinstance(r, Container | Pool | Job)
    }


def test_marks_are_read_back(world: World) -> None:
    stamp = Stamp(origin=PLACE, expires_after=timedelta(days=7))
    wanted = (
        replace(container(world), stamp=stamp, keep=True),
        replace(world.pool(), stamp=stamp),
        replace(world.job(), stamp=stamp),
    )
    world.made(*wanted)
    assert stamped(world) == {r.name: (world.owner, PLACE, True) for r in wanted}
    [held] = world.cloud.storage(world.owner, [])[0]
    assert held.keep


def test_a_container_is_kept_or_not_as_it_was_told_last(world: World) -> None:
    made = container(world)
    world.made(made)
    for keep in (True, False):
        [held] = world.cloud.storage(world.owner, [])[0]
        done(world.cloud.update([(held, replace(made, keep=keep, stamp=Stamp(origin=PLACE)))], world.owner))
        [now] = world.cloud.storage(world.owner, [])[0]
        assert (now.keep, now.owner, now.stamp.origin) == (keep, world.owner, PLACE)


@pytest.mark.parametrize("theirs", [True, False], ids=["of another spec", "without a mark"])
def test_a_container_and_its_blob_become_ours(world: World, theirs: bool) -> None:
    inside = container(world)
    wanted = world.file(inside.name, "a", b"a")
    if theirs:
        world.made(inside, wanted, owner=world.other)
    else:
        world.hand.put(inside.name, "a", b"a")
    world.hand.put(inside.name, "b", b"b")
    [found] = world.cloud.storage(world.owner, [inside.name])[0]
    held = {b.path: b for b in world.cloud.blobs(inside.name)}
    done(world.cloud.adopt([(found, replace(found, owner=world.owner, stamp=Stamp(origin=PLACE)))], world.owner))
    done(world.cloud.adopt([(held["a"], wanted)], world.owner))
    assert stamped(world) == {inside.name: (world.owner, PLACE, False)}
    owners = {b.path: (b.owner, b.md5) for b in world.cloud.blobs(inside.name)}
    assert owners == {"a": (world.owner, wanted.md5), "b": (None, held["b"].md5)}


def test_a_blob_that_differs_gets_our_content(world: World) -> None:
    inside = container(world)
    world.hand.put(inside.name, "a", b"theirs")
    [found] = world.cloud.blobs(inside.name)
    wanted = world.file(inside.name, "a", b"ours")
    done(world.cloud.adopt([(found, wanted)], world.owner))
    [held] = world.cloud.blobs(inside.name)
    assert (held.owner, held.md5) == (world.owner, wanted.md5)


def test_a_blob_that_changed_since_it_was_listed_is_not_adopted(world: World) -> None:
    inside = container(world)
    world.hand.put(inside.name, "a", b"a")
    [found] = world.cloud.blobs(inside.name)
    world.hand.put(inside.name, "a", b"b")
    wanted: Blob = world.file(inside.name, "a", b"a")
    refused(world.cloud.adopt([(found, wanted)], world.owner))
    [held] = world.cloud.blobs(inside.name)
    assert held.owner is None


def test_a_pool_and_a_job_become_ours(world: World) -> None:
    world.made(world.pool(), world.job(), owner=world.other)
    found = world.held(world.name("pool"), world.name("job"))
    for resource in found:
        assert isinstance(resource, Pool | Job)
        ours = replace(resource, owner=world.owner, stamp=Stamp(origin=PLACE))
        done(world.cloud.adopt([(resource, ours)], world.owner))
    assert stamped(world) == {world.name(word): (world.owner, PLACE, False) for word in ("pool", "job")}
    assert world.cloud.batch(world.other, []) == ()


def test_a_job_that_has_ended_takes_no_marks(world: World) -> None:
    task = world.task()
    world.made(world.pool(target_dedicated_nodes=1), world.job(), task, owner=world.other)
    world.cloud.seal(world.job(), frozenset({task.id}))
    eventually(
        lambda: not world.cloud.counts(world.job()).unfinished and world.cloud.standing(world.job()).ended, "it ends"
    )
    # It is terminating for a moment first.
    eventually(lambda: [r.state for r in world.held(world.name("job")) if isinstance(r, Job)] == ["completed"], "so")
    [found] = [r for r in world.held(world.name("job")) if isinstance(r, Job)]
    error = refused(world.cloud.adopt([(found, replace(found, owner=world.owner))], world.owner))
    assert isinstance(error, CloudError)
    assert error.code == "JobCompleted"


def test_a_job_becomes_a_generation_of_ours(world: World) -> None:
    world.made(replace(world.job(), name=f"{world.name('job')}-g3"), owner=world.other)
    [found] = [r for r in world.held(f"{world.name('job')}-g3") if isinstance(r, Job)]
    ours = replace(found, owner=world.owner, name=world.name("job"), generation=3)
    done(world.cloud.adopt([(found, ours)], world.owner))
    held = world.held_job(3)
    assert (held.name, held.id) == (world.name("job"), f"{world.name('job')}-g3")
