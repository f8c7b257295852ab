"""Classes of `frozen` behave as those of `dataclasses` do."""

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import pytest

from batchctl.frozen import dataclass, replace
from batchctl.resources import Blob


def declared(decorate: Any) -> Any:
    @decorate(frozen=True, slots=True, kw_only=True)
    class Shape:
        """A shape."""

        kind: ClassVar[str] = "shape"
        name: str
        sides: int = 3
        tags: tuple[str, ...] = dataclasses.field(default_factory=tuple, metadata={"a": 1})
        hidden: str = dataclasses.field(default="x", compare=False, repr=False)

        def __post_init__(self) -> None:
            if self.sides < 0:
                raise ValueError(self.name)

    return Shape


OURS, THEIRS = declared(dataclass), declared(dataclasses.dataclass)


@pytest.mark.parametrize("named", [{"name": "a"}, {"name": "b", "sides": 4, "tags": ("t",)}])
def test_values_are_written_compared_and_hashed_alike(named: dict[str, Any]) -> None:
    ours, theirs = OURS(**named), THEIRS(**named)
    assert repr(ours) == repr(theirs)
    assert hash(ours) == hash(theirs)
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert ours == OURS(**named, hidden="y")
    assert ours != theirs
    assert dataclasses.replace(ours, name="c") == OURS(**named | {"name": "c"})


@pytest.mark.parametrize("named", [{}, {"name": "a", "size": 1}, {"name": "a", "sides": -1}])
def test_what_cannot_be_made_is_refused_alike(named: dict[str, Any]) -> None:
    refusals = []
    for shape in (OURS, THEIRS):
        with pytest.raises((TypeError, ValueError)) as refused:
            shape(**named)
        refusals.append((refused.type, str(refused.value).split(".")[-1]))
    assert refusals[0] == refusals[1]


def test_values_are_copied_and_go_from_one_process_to_another() -> None:
    old, blob = OURS(name="a", tags=("t",), hidden="y"), Blob(container="input", path="a", size=3)
    for again in (copy.copy(old), copy.deepcopy(old)):
        assert (again, again.hidden) == (old, "y")
    assert pickle.loads(pickle.dumps(blob)) == blob


def test_a_copy_has_what_it_is_given_and_the_rest_of_the_old_one() -> None:
    old = OURS(name="a", tags=("t",), hidden="y")
    assert replace(old, name="c") == dataclasses.replace(old, name="c")
    assert (replace(old, sides=4).hidden, old.sides) == ("y", 3)
    with pytest.raises(AttributeError):
        replace(old, size=1)


def test_arguments_have_no_places() -> None:
    with pytest.raises(TypeError):
        OURS("a")


def test_nothing_is_assigned_or_deleted() -> None:
    value = OURS(name="a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
        value.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError, match="name"):
        del value.name
    assert not hasattr(value, "__dict__")
    assert value.name == "a"


def test_a_method_of_the_class_itself_stays() -> None:
    @dataclass(frozen=True, slots=True)
    class Word:
        text: str

        def __repr__(self) -> str:
            return self.text

        def __eq__(self, other: object) -> bool:
            return str(self) == str(other)

    assert repr(Word("a")) == "a"
    assert Word("a") == "a"
    assert len({Word("a"), Word("a")}) == 1
    match Word("b"):
        case Word(text):
            assert text == "b"


def test_what_is_not_plainly_frozen_with_slots_is_made_at_once() -> None:
    @dataclass(frozen=True, slots=True, order=True)
    class Rank:
        place: int

    assert Rank(1) < Rank(2)
