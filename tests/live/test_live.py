"""What scripts/test-live decides and hides, and two of its probes; the rest is run by whoever has an account."""

import json
import re
from dataclasses import replace

import pytest

from batchctl import local
from batchctl.cloud.connect import Target
from batchctl.opening.target import target_of
from batchctl.spec.load import load
from tests.services import unique

from .ceiling import STAGES, parsed_ceiling, stages_within
from .comparison import compared
from .probes import PROBES
from .redaction import GUID, Redaction
from .report import LeakError, written
from .side import Side
from .word_count import spec_text

TARGET = Target(
    batch_url="https://contoso.westeurope.batch.azure.com",
    batch_account="contoso",
    batch_key="a2V5IG9mIHRoZSBiYXRjaCBhY2NvdW50",
    storage_url="https://contosodata.blob.core.windows.net",
    storage_account="contosodata",
)
NODE = "tvmps_723f2d436c737e025b4e682d84dc20f286cc7bd46c561f03a7e137344f24a195_d"
PREFIX = "live-0123abcd"


@pytest.mark.parametrize("text", ["", "much", "-1", "nan", "inf", "1,5"])
def test_what_is_no_ceiling(text):
    with pytest.raises(ValueError, match="a number of node-hours"):
        parsed_ceiling(text)


def test_what_fits_under_a_ceiling():
    assert stages_within(0) == ((), STAGES)
    assert stages_within(0.5) == (STAGES[1:], STAGES[:1])
    assert stages_within(sum(stage.node_hours for stage in STAGES)) == (STAGES, ())


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("https://contoso.westeurope.batch.azure.com/pools/live-0123abcd-x", "https://account.region.batch.azure.com/pools/live-x"),
        ("contoso is not CONTOSODATA, nor in acontoso", "account is not storage, nor in acontoso"),
        ("%2F%2Fcontoso.westeurope.batch.azure.com%2Flive-0123abcd-f", "%2F%2Faccount.region.batch.azure.com%2Flive-f"),
        ("https://other.blob.core.windows.net/c?sv=1&sig=ab%2Bc%3D", "https://storage.blob.core.windows.net/c?sv=1&REDACTED"),
        ("/subscriptions/s-1/resourceGroups/Mine/providers", f"/subscriptions/{GUID}/resourceGroups/group/providers"),
        ("RequestId:6c08262d-ae81-4866-a5e7-ade3528f62fb", f"RequestId:{GUID}"),
        ("20.73.1.9, asked by ann@contoso.com", "10.0.0.1, asked by somebody@example.com"),
        (NODE, f"tvmps_{1:064x}_d"),
    ],
)  # fmt: skip
def test_what_is_hidden(text, hidden):
    assert Redaction.of(TARGET, PREFIX).of_text(text) == hidden


def pair(status=200, headers=None, **body):
    return {"method": "GET", "path": "/jobs/j", "status": status, "headers": headers or {}, "response": body}


NOTHING = frozenset()
WHOLE, PART = "2026-01-22T10:00:00Z", "2026-01-22T10:00:00.5Z"


def test_what_is_no_difference():
    real = pair(creationTime="2026-01-22T10:00:00.1234567Z", eTag="0x8D1", frontendPort=50000, value=["a"])
    ours = pair(creationTime="2026-11-28T10:00:00.12Z", eTag="0x8D2", frontendPort=50001, value=["a"])
    assert compared([real], [ours], NOTHING) == []


@pytest.mark.parametrize(
    ("real", "ours", "found"),
    [
        (pair(), pair(404, code="JobNotFound"), ("status", "", "200", "404 JobNotFound")),
        (pair(a=1), pair(), ("missing", "a", 1, None)),
        (pair(), pair(a={}), ("extra", "a", None, {})),
        (pair(a="b"), pair(a=["b"]), ("type", "a", "b", ["b"])),
        (pair(a=[{"b": "spread"}]), pair(a=[{"b": "Spread"}]), ("value", "a[].b", "spread", "Spread")),
        (pair(a=[1, 2]), pair(a=[1]), ("length", "a", 2, 1)),
        (pair(at=WHOLE), pair(at=PART), ("value", "at", WHOLE, PART)),
        (pair(headers={"etag": "0x1"}), pair(), ("missing", "header etag", "0x1", None)),
    ],
)  # fmt: skip
def test_differences(real, ours, found):
    assert [tuple(one.as_json().values()) for one in compared([real], [ours], NOTHING)] == [found]


def test_a_state_that_is_passed_over_is_a_difference():
    real = [pair(state="creating"), pair(state="starting"), pair(state="idle")]
    (found,) = compared(real, [pair(state="creating"), pair(state="idle")], NOTHING)
    assert (found.what, found.real, found.local) == ("state not seen", "starting", ["creating", "idle"])


def test_a_report_is_a_recording_and_names_nobody(tmp_path):
    redaction = Redaction.of(TARGET, PREFIX)
    steps = [[redaction.of_value(pair(url=f"{TARGET.batch_url}/jobs/j"))], [pair(a=1)]]
    ours = [steps[0], [pair(a=2)]]
    found = [compared(theirs, mine, NOTHING) for theirs, mine in zip(steps, ours, strict=True)]
    kept = json.loads(written(tmp_path / "r", "p", steps, ours, found, [redaction]).read_text())
    assert [one["path"] for one in kept["pairs"]] == ["/jobs/j", "/jobs/j"]
    assert [one.get("differs") for one in kept["pairs"]] == [
        None,
        [{"what": "value", "where": "a", "real": 1, "local": 2}],
    ]
    with pytest.raises(LeakError):
        written(tmp_path / "l", "p", [[pair(a="xcontosodatax")]], [[pair()]], [found[1]], [redaction])
    assert not (tmp_path / "l").exists()


def test_all_that_is_made_bears_the_prefix():
    made = [step.body for probe in PROBES for step in probe.steps if step.path in ("/pools", "/jobs", "/jobschedules")]
    assert {body["id"].partition("}")[0] for body in made if body} == {"{p", "{pool", "not an id"}
    assert len({probe.name for probe in PROBES}) == len(PROBES) >= 20


def test_the_word_count_under_a_prefix(tmp_path):
    (tmp_path / "spec.yaml").write_text(spec_text(PREFIX, "Standard_D2s_v5"))
    assert load(tmp_path / "spec.yaml", {}, {}).name == PREFIX
    text = (tmp_path / "spec.yaml").read_text().partition("version:")[2]
    assert not re.search(r"word-count|[ {](application|input|output)[:,}]", text)


def test_probes_on_two_accounts_and_nothing_left(services: local.Services):
    sides = [Side(name, target_of(services), unique("live")) for name in ("account", "local")]
    # One service here stands for both.
    sides[1].target = replace(sides[0].target)
    for probe in [one for one in PROBES if one.name in ("resize-to-nothing", "twice")]:
        real, ours = (side.played(probe) for side in sides)
        assert [compared(*both, step.volatile) for *both, step in zip(real, ours, probe.steps, strict=True)] == [
            []
        ] * len(real)
        assert sides[0].prefix not in json.dumps(real)
    assert [side.take_away(print) for side in sides] == [[], []]
