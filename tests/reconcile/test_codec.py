"""Values to JSON and back: whatever fields the vocabulary has, now or later."""

import json
from dataclasses import is_dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batchctl import configurations, frozen, machines, resources, work
from batchctl.reconcile.kept.codec import Codec
from batchctl.resources import KINDS, Blob, Resource, Task
from batchctl.rules import JsonText, json_text
from batchctl.sensitive import Veil, is_sensitive
from tests.fake_cloud import without_secrets
from tests.reconcile.build import job, pool

FOLDER = Path("/home/ada/specs")
CODEC = Codec(folder=FOLDER)

st.register_type_strategy(Path, st.sampled_from([FOLDER / "a.txt", FOLDER / "b/c", FOLDER.parent / "up", Path("/x")]))
st.register_type_strategy(timedelta, st.integers(0, 10**7).map(lambda s: timedelta(seconds=s)))
st.register_type_strategy(
    datetime, st.integers(0, 4 * 10**9).map(lambda s: datetime.fromtimestamp(s, UTC).replace(microsecond=s % 10**6))
)
# Of a setting whose name tells of a secret the value is hidden, and does not come back.
st.register_type_strategy(JsonText, st.dictionaries(st.text(max_size=3), st.integers() | st.text()).map(json_text))
st.register_type_strategy(str, st.text().filter(lambda text: not is_sensitive(text)))
st.register_type_strategy(float, st.floats(allow_nan=False, allow_infinity=False))  # a spec's numbers
# Values are drawn by the arguments of their classes, which are not known before the first value is made.
for module in (configurations, machines, resources, work):
    for kind in filter(is_dataclass, vars(module).values()):
        frozen.write_methods(kind)
SLOW = settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
@SLOW
@given(data=st.data())
def test_every_kind_comes_back_from_json(kind: type[Resource], data: st.DataObject) -> None:
    value = without_secrets(data.draw(st.from_type(kind)))
    encoded = json.loads(json.dumps(CODEC.encode(value)))
    assert CODEC.decode(encoded, Resource) == value


def test_json_speaks_the_words_of_the_service() -> None:
    wanted = pool("count", target_spot_nodes=4)
    assert CODEC.encode(wanted) == {
        "kind": "pool",
        "name": "count",
        "vmSize": "Standard_D2s_v5",
        "image": {"publisher": "canonical", "offer": "ubuntu-24_04-lts", "sku": "server"},
        "nodeAgentSKUId": "batch.node.ubuntu 24.04",
        "targetSpotNodes": 4,
    }


def test_paths_are_relative_to_the_spec() -> None:
    there = Blob(container="c", path="a", source=FOLDER.parent / "scripts/a.py")
    assert CODEC.encode(there)["source"] == "../scripts/a.py"
    elsewhere = Codec(folder=Path("/builds/7/specs"))
    assert elsewhere.decode(CODEC.encode(there), Blob).source == Path("/builds/7/scripts/a.py")


def test_durations_and_settings_are_written_as_the_service_writes_them() -> None:
    encoded = CODEC.encode(job(max_wall_clock_time=timedelta(hours=1), environment=(("LEVEL", "3"),)))
    assert encoded["maxWallClockTime"] == "PT1H"
    assert encoded["environment"] == [{"name": "LEVEL", "value": "3"}]


@pytest.mark.parametrize(
    "value",
    [
        job(environment=(("DB_PASSWORD", "c4nary"),)),
        Task(job="j", id="t", command_line="fetch --with c4nary-c4nary"),
        Task(job="j", id="t", environment=(("URL", "https://ada:c4nary@example.org/x"),)),
        Blob(container="c", path="c4nary-c4nary"),
        pool(display_name="c4nary-c4nary"),
    ],
    ids=lambda value: value.kind,
)
def test_a_secret_is_a_digest(value: Resource) -> None:
    codec = Codec(folder=FOLDER, veil=Veil(("c4nary-c4nary",), "salt"))
    said = json.dumps(codec.encode(value))
    assert "c4nary" not in said
    assert "(sensitive " in said
    assert said == json.dumps(codec.encode(value))
    assert said != json.dumps(Codec(folder=FOLDER, veil=Veil(("c4nary-c4nary",), "pepper")).encode(value))
