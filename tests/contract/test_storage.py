"""Containers and blobs."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest

from batchctl.errors import CloudError, Refused
from batchctl.resources import Blob, Container
from tests.contract.conftest import World, container, done, refused


def containers(world: World, *names: str) -> dict[str, str | None]:
    return {c.name: c.owner for c in world.cloud.storage(world.owner, names)[0]}


def content(world: World, blob: Blob) -> bytes:
    return b"".join(world.cloud.read(blob))


def only_blob(world: World, name: str) -> Blob:
    [found] = world.cloud.blobs(name)
    return found


# Containers.


def test_a_container_that_we_made_bears_our_mark(world: World) -> None:
    wanted = container(world)
    assert containers(world, wanted.name) == {}
    assert done(world.cloud.create([wanted], world.owner)) == [wanted.name]
    assert containers(world) == containers(world, wanted.name) == {wanted.name: world.owner}


def test_containers_of_others_are_seen_only_by_their_name(world: World) -> None:
    theirs, by_hand = container(world, "theirs"), container(world, "by-hand")
    world.made(theirs, owner=world.other)
    world.hand.put(by_hand.name, "x", b"x")
    assert containers(world) == {}
    assert containers(world, theirs.name, by_hand.name) == {theirs.name: world.other, by_hand.name: None}
    _, blobs = world.cloud.storage(world.owner, [by_hand.name])
    assert [b.name for b in blobs] == [f"{by_hand.name}/x"]


def test_making_a_container_again_is_no_error_but_anothers_is(world: World) -> None:
    wanted, by_hand = container(world), container(world, "by-hand")
    world.made(wanted)
    world.made(wanted)
    world.hand.put(by_hand.name, "x", b"x")
    for error in (
        refused(world.cloud.create([wanted], world.other)),
        refused(world.cloud.create([by_hand], world.owner)),
    ):
        assert isinstance(error, CloudError)
        assert (error.status, error.code) == (409, "ContainerAlreadyExists")
    assert containers(world, by_hand.name) == {wanted.name: world.owner, by_hand.name: None}


def test_a_container_goes_with_all_that_is_ours_in_it(world: World) -> None:
    wanted = container(world)
    world.made(wanted, world.file(wanted.name, "a", b"a"))
    assert done(world.cloud.delete([wanted], world.owner)) == [wanted.name]
    assert containers(world, wanted.name) == {}
    assert done(world.cloud.delete([wanted], world.owner)) == [wanted.name]
    world.made(wanted)
    assert world.cloud.blobs(wanted.name) == ()


def test_a_container_that_holds_what_is_not_ours_stays(world: World) -> None:
    wanted = container(world)
    world.made(wanted, world.file(wanted.name, "a", b"a"))
    world.hand.put(wanted.name, "by-hand", b"x")
    assert isinstance(refused(world.cloud.delete([wanted], world.owner)), Refused)
    assert [b.path for b in world.cloud.blobs(wanted.name)] == ["a", "by-hand"]


def test_a_container_that_is_not_ours_stays(world: World) -> None:
    theirs = container(world)
    world.made(theirs, owner=world.other)
    assert isinstance(refused(world.cloud.delete([theirs], world.owner)), Refused)
    assert containers(world, theirs.name) == {theirs.name: world.other}


def test_many_outcomes_one_for_each(world: World) -> None:
    wanted = [container(world, word) for word in ("one", "two", "three")]
    world.made(wanted[1], owner=world.other)
    outcomes = {o.resource.name: o.error for o in world.cloud.create(wanted, world.owner)}
    assert set(outcomes) == {c.name for c in wanted}
    assert [name for name, error in outcomes.items() if error] == [wanted[1].name]


# Blobs.


def test_nothing_is_listed_where_nothing_is(world: World) -> None:
    assert world.cloud.blobs(world.name("absent")) == ()
    assert world.cloud.storage(world.owner, [world.name("absent")]) == ((), ())


@pytest.mark.parametrize("path", ["a.txt", "b/c/d.txt", "ü é/長.txt", "a+b&c=%41#x?.txt", "$(id) 'q'", "x" * 900])
@pytest.mark.parametrize("data", [b"", b"twelve bytes"])
def test_an_upload_is_listed_as_it_was_asked_for(world: World, path: str, data: bytes) -> None:
    inside = container(world)
    wanted = world.file(inside.name, path, data)
    world.made(inside, wanted)
    found = only_blob(world, inside.name)
    assert (found.container, found.path, found.md5, found.size) == (inside.name, path, wanted.md5, len(data))
    assert (found.owner, found.task, found.source) == (world.owner, None, None)
    assert found.etag
    assert found.modified
    assert found.modified.tzinfo
    assert world.cloud.storage(world.owner, []) == ((replace(inside, owner=world.owner),), (found,))
    assert content(world, found) == data


@pytest.mark.parametrize("text", ["", "@echo off\r\necho ü\r\n"])
def test_a_text_without_a_file_is_uploaded_as_it_is(world: World, text: str) -> None:
    inside, data = container(world), text.encode()
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    world.made(inside, Blob(container=inside.name, path="a.cmd", md5=md5, size=len(data), text=text))
    found = only_blob(world, inside.name)
    assert (found.md5, found.size, found.owner, found.text) == (md5, len(data), world.owner, None)
    assert content(world, found) == data


def test_a_large_upload_is_whole(world: World) -> None:
    inside, data = container(world), bytes(range(256)) * 100_000
    wanted = world.file(inside.name, "large", data)
    world.made(inside, wanted)
    found = only_blob(world, inside.name)
    assert (found.md5, found.size) == (wanted.md5, len(data))
    assert content(world, found) == data


def test_an_upload_needs_its_container(world: World) -> None:
    error = refused(world.cloud.create([world.file(world.name("absent"), "a", b"a")], world.owner))
    assert isinstance(error, CloudError)
    assert (error.status, error.code) == (404, "ContainerNotFound")


def test_uploading_again_is_no_error_but_over_another_blob_it_is(world: World) -> None:
    inside = container(world)
    world.made(inside, world.file(inside.name, "a", b"a"))
    world.made(world.file(inside.name, "a", b"a"))
    error = refused(world.cloud.create([world.file(inside.name, "a", b"b")], world.owner))
    assert isinstance(error, CloudError)
    assert (error.status, error.code) == (409, "BlobAlreadyExists")
    error = refused(world.cloud.create([world.file(inside.name, "a", b"a")], world.other))
    assert isinstance(error, CloudError)
    assert content(world, only_blob(world, inside.name)) == b"a"


@pytest.mark.parametrize("size", [12, 9_000_000])
@pytest.mark.parametrize("change", [lambda data: data[:-1] + b"b", lambda data: data[:-1], lambda data: data + b"b"])
def test_a_file_that_changed_since_it_was_hashed_is_not_stored(
    world: World, size: int, change: Callable[[bytes], bytes]
) -> None:
    inside, data = container(world), b"a" * size
    world.made(inside)
    wanted = world.file(inside.name, "a", data)
    assert wanted.source
    wanted.source.write_bytes(change(data))
    error = refused(world.cloud.create([wanted], world.owner))
    assert isinstance(error, CloudError)
    assert "changed while it was uploaded" in str(error)
    assert world.cloud.blobs(inside.name) == ()


LEFT = {"as long as ours": ("0123456789abcdef",), "shorter": ("1", "2"), "longer": ("0" * 48, "1" * 48)}
SMALL, LARGE = b"small", bytes(9 << 20)


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_blocks_that_an_upload_left_keep_nobody_out(world: World, data: bytes, left: str) -> None:
    inside = container(world)
    world.made(inside)
    world.hand.breaks_off(inside.name, "a", *LEFT[left])
    world.made(world.file(inside.name, "a", data))
    found = only_blob(world, inside.name)
    assert (found.owner, content(world, found)) == (world.owner, data)


@pytest.mark.parametrize("left", LEFT)
@pytest.mark.parametrize("before", [b"before", LARGE + b"before"], ids=["small", "large"])
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_blocks_beside_a_blob_keep_no_new_version_out(world: World, data: bytes, before: bytes, left: str) -> None:
    inside = container(world)
    world.made(inside, world.file(inside.name, "a", before))
    world.hand.breaks_off(inside.name, "a", *LEFT[left])
    done(world.cloud.update([(only_blob(world, inside.name), world.file(inside.name, "a", data))], world.owner))
    found = only_blob(world, inside.name)
    assert (found.owner, content(world, found)) == (world.owner, data)


@pytest.mark.parametrize("left", [(), *LEFT.values()])
@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_a_new_version_leaves_snapshots_where_they_are(world: World, data: bytes, left: tuple[str, ...]) -> None:
    inside = container(world)
    world.made(inside, world.file(inside.name, "a", b"before"))
    world.hand.snapshot(inside.name, "a")
    world.hand.breaks_off(inside.name, "a", *left)
    listed = only_blob(world, inside.name)
    done(world.cloud.update([(listed, world.file(inside.name, "a", data))], world.owner))
    found = only_blob(world, inside.name)
    assert (found.owner, content(world, found)) == (world.owner, data)
    assert (listed.snapshots, found.snapshots) == (1, 1)


def test_what_has_snapshots_is_not_deleted(world: World) -> None:
    inside = container(world)
    world.made(inside, world.file(inside.name, "a", b"a"))
    listed = only_blob(world, inside.name)
    world.hand.snapshot(inside.name, "a")
    assert isinstance(refused(world.cloud.delete([listed], world.owner)), CloudError)
    assert isinstance(refused(world.cloud.delete([inside], world.owner)), Refused)
    assert only_blob(world, inside.name).snapshots == 1


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
def test_what_is_there_beside_such_blocks_stays(world: World, data: bytes) -> None:
    """Both where nothing was listed and where another version was."""
    inside = container(world)
    world.made(inside, world.file(inside.name, "a", b"a"))
    listed = only_blob(world, inside.name)
    world.hand.put(inside.name, "a", b"by hand")
    world.hand.breaks_off(inside.name, "a", "1")
    wanted = world.file(inside.name, "a", data)
    for outcomes in (world.cloud.create([wanted], world.owner), world.cloud.update([(listed, wanted)], world.owner)):
        error = refused(outcomes)
        assert isinstance(error, CloudError)
        assert error.status in (409, 412)
    assert content(world, only_blob(world, inside.name)) == b"by hand"


def test_a_blob_changes_only_from_what_was_listed(world: World) -> None:
    inside = container(world)
    world.made(inside, world.file(inside.name, "a", b"a"))
    listed = only_blob(world, inside.name)
    assert done(world.cloud.update([(listed, world.file(inside.name, "a", b"b"))], world.owner)) == [listed.name]
    changed = only_blob(world, inside.name)
    assert changed.etag != listed.etag
    assert (changed.owner, content(world, changed)) == (world.owner, b"b")
    error = refused(world.cloud.update([(listed, world.file(inside.name, "a", b"c"))], world.owner))
    assert isinstance(error, CloudError)
    assert error.status == 412
    assert content(world, only_blob(world, inside.name)) == b"b"


def test_a_blob_goes_only_as_it_was_listed(world: World) -> None:
    inside = container(world)
    world.made(inside, world.file(inside.name, "a", b"a"))
    listed = only_blob(world, inside.name)
    world.hand.put(inside.name, "a", b"by hand")
    error = refused(world.cloud.delete([listed], world.owner))
    assert isinstance(error, CloudError)
    assert error.status == 412
    there = only_blob(world, inside.name)
    assert content(world, there) == b"by hand"
    assert done(world.cloud.delete([there], world.owner)) == [there.name]
    assert world.cloud.blobs(inside.name) == ()


def test_a_blob_that_is_gone_already_is_deleted(world: World) -> None:
    inside = container(world)
    world.made(inside, world.file(inside.name, "a", b"a"))
    listed = only_blob(world, inside.name)
    assert done(world.cloud.delete([listed], world.owner)) == [listed.name]
    assert done(world.cloud.delete([listed], world.owner)) == [listed.name]


def test_only_the_version_that_was_listed_is_read(world: World) -> None:
    inside = container(world)
    world.made(inside, world.file(inside.name, "a", b"a"))
    listed = only_blob(world, inside.name)
    world.hand.put(inside.name, "a", b"by hand")
    with pytest.raises(CloudError) as raised:
        content(world, listed)
    assert raised.value.status == 412
    done(world.cloud.delete([only_blob(world, inside.name)], world.owner))
    with pytest.raises(CloudError) as raised:
        content(world, listed)
    assert raised.value.status in (404, 412)


def test_content_that_changes_while_it_is_read_is_an_error(world: World) -> None:
    inside, large = container(world), bytes(40 << 20)
    world.made(inside, world.file(inside.name, "a", large))
    chunks = world.cloud.read(only_blob(world, inside.name))
    assert next(chunks)
    world.hand.put(inside.name, "a", large[1:])
    with pytest.raises(CloudError):
        list(chunks)


def test_a_blob_made_by_hand_bears_no_mark(world: World) -> None:
    inside = Container(name=world.name("by-hand"))
    world.hand.put(inside.name, "a", b"a")
    assert (only_blob(world, inside.name).owner, only_blob(world, inside.name).task) == (None, None)


def test_what_is_lost_is_added_to_what_was(world: World) -> None:
    inside = container(world)
    world.made(inside)
    for marks in (("a" * 12,), ("b" * 12, "c" * 12), ("b" * 12,), ()):
        assert done(world.cloud.update([(inside, replace(inside, lost=marks))], world.owner)) == [inside.name]
    [found], _ = world.cloud.storage(world.owner, [])
    assert dict.fromkeys(found.lost) == dict.fromkeys(("a" * 12, "b" * 12, "c" * 12))
    assert found.owner == world.owner
