"""The files of a report: their sizes, what strangers wrote in them, and that nothing leaves the page."""

import csv
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser

import jsonschema
import pytest

from batchctl.cloud_answers import Prices
from batchctl.reconcile.explain.report import FailureGroup, Report, Sightings, report_of
from batchctl.render.report import plots
from batchctl.render.report.files import report_files
from batchctl.render.report.web_page import MOST_TASKS, as_page
from batchctl.resources import Blob
from batchctl.sights import FailureInfo, NodeSight, PoolSight, TaskSight
from batchctl.spec.reading.schema import schema_text

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRICES = Prices(
    region="westeurope",
    currency="USD",
    made=date(2026, 1, 31),
    source="s",
    rates={"linux.dedicated": {"standard_d2s_v5": 0.12}},
)
OUTPUTS = tuple(Blob(container="out", path=f"{number:04d}.txt", size=number, task="t") for number in range(1_000))
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`|\x1b[31m\u202e##[error]"


def synthetic(tasks: int, nodes: int, slots: int, id: str = "map-{:06d}-of-a-rather-long-name") -> Report:
    """Tasks of 5 to 14 s, one after the other in each slot; one of 50 failed."""
    free, runs = [0] * (nodes * slots), []
    failure = FailureInfo(category="usererror", code="FailureExitCode", message="The task exited with an exit code")
    for number in range(tasks):
        slot = number % len(free)
        start, span = free[slot], 5 + number * 7 % 10
        free[slot] += span
        bad = number % 50 == 49
        runs.append(
            TaskSight(
                job="j",
                generation=1,
                id=id.format(number),
                state="completed",
                result="failure" if bad else "success",
                exit_code=int(bad),
                failure=failure if bad else None,
                created=NOON,
                started=NOON + timedelta(seconds=start),
                ended=NOON + timedelta(seconds=start + span),
                node=f"tvmps_{slot // slots:064d}_d",
                pool="p",
            )
        )
    there = [
        NodeSight(id=f"tvmps_{number:064d}_d", state="idle", allocated=NOON - timedelta(seconds=number))
        for number in range(nodes)
    ]
    pool = PoolSight(id="p", state="active", allocation="steady", vm_size="Standard_D2s_v5", slots_per_node=slots)
    seen = Sightings(
        spec="s",
        now=NOON + timedelta(days=1),
        runs=runs,
        pools=[pool],
        nodes={"p": there},
        prices=PRICES,
        outputs=OUTPUTS[:tasks],
    )
    return report_of(seen)


class Seen(HTMLParser):
    """The tags of a page with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def count(self, tag: str, **wanted: str) -> int:
        return sum(tag == one and wanted.items() <= attrs.items() for one, attrs in self.tags)


@pytest.mark.parametrize(
    ("tasks", "nodes", "most"), [(3, 1, 40_000), (5_000, 50, 1_000_000), (100_000, 1_000, 2_000_000)]
)
def test_the_page_is_small(tasks: int, nodes: int, most: int) -> None:
    report = synthetic(tasks, nodes, 4)
    page = as_page(report)
    assert len(page.encode()) < most
    marks = tasks if plots.is_drawn_whole(report) else plots.MOST_BANDS
    assert Seen(page).count("title") == 1 + marks + len(report.bins)
    assert plots.is_drawn_whole(report) == (tasks <= 5_000)
    assert ("tasks.csv has all" in page) == (tasks > MOST_TASKS)


def test_many_ids_of_the_longest_kind() -> None:
    page = as_page(synthetic(5_000, 50, 4, "{:064d}"))
    assert len(page.encode()) < 1_000_000


def test_nothing_leaves_the_page() -> None:
    seen = Seen(report_files(synthetic(60, 2, 2))["report.html"])
    addresses = [v for _, attrs in seen.tags for k, v in attrs.items() if k in ("src", "href", "action", "data")]
    assert all(address == "data:," or (address and address.startswith("#")) for address in addresses)
    (rules,) = [attrs["content"] for tag, attrs in seen.tags if attrs.get("http-equiv")]
    assert rules is not None
    assert rules.startswith("default-src 'none'")


def test_what_strangers_wrote_is_text() -> None:
    report = synthetic(60, 2, 2)
    odd = replace(
        report.failures[0].runs[0],
        node=HOSTILE,
        failure=FailureInfo(category="usererror", code=HOSTILE, message=HOSTILE),
    )
    secret = "https://a.blob.core.windows.net/c/b?sv=2024-01-01&sig=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA%3D"
    said = (HOSTILE, "```", secret, "a\tb")
    report = replace(report, spec=HOSTILE, failures=(FailureGroup(runs=(odd,), said=said),), tasks=(odd,))
    files = report_files(report)
    plain = Seen(report_files(synthetic(60, 2, 2))["report.html"])
    seen = Seen(files["report.html"])
    assert seen.count("script") == plain.count("script") == 1
    assert seen.count("img") == 0
    assert [name for name, text in files.items() if "AAAAAAAAAAAA" in text] == []
    # JSON has the names of the service as they are, escaped as it does.
    for name in ("report.html", "report.md", "tasks.csv"):
        assert "\x1b" not in files[name]
        assert "\u202e" not in files[name]
    assert not re.search(r"(?m)^(##\[|::|```)", files["report.md"])


def test_json_keeps_its_schema_and_csv_has_every_task() -> None:
    schema = json.loads(schema_text("report"))
    jsonschema.Draft7Validator.check_schema(schema)
    for report in (synthetic(120, 2, 2), synthetic(0, 1, 1)):
        files = report_files(report)
        jsonschema.validate(json.loads(files["report.json"]), schema)
        rows = list(csv.DictReader(files["tasks.csv"].splitlines()))
        assert [row["task"] for row in rows] == [run.id for run in report.tasks]
    assert "no task of this spec is there" in files["report.md"]


def test_the_markdown_fits_a_comment() -> None:
    report = synthetic(100, 1, 1)
    (group,) = report.failures
    many = replace(report, failures=(replace(group, said=("x" * 400,) * 10),) * 50)
    text = report_files(many)["report.md"]
    assert len(text) < 65_000
    assert "other causes: report.json has them all" in text


def test_a_band_holds_all_time_of_its_bars() -> None:
    report = synthetic(900, 3, 4)
    scale = plots.scale_of(report)
    assert plots.by_node(report.lanes)
    for lanes in plots.by_node(report.lanes).values():
        bars = [bar for lane in lanes for bar in lane.bars]
        shares = plots.busy_shares(bars, scale)
        whole = sum((bar.end - bar.start).total_seconds() for bar in bars)
        assert sum(shares) / plots.POINTS * scale.span == pytest.approx(whole)
        assert max(shares) <= len(lanes) + 1e-6


def test_a_curve_of_few_points_keeps_the_greatest_number() -> None:
    report = synthetic(900, 3, 4)
    points = plots.running_points(report, 24)
    assert len(points) == 24
    assert max(count for _, count in points) == max(step.running for step in report.steps) == 12


def test_runs_of_days_before_are_not_drawn() -> None:
    report = synthetic(60, 2, 2)
    early = replace(
        report.tasks[0], id="early", generation=0, started=NOON - timedelta(days=3), ended=NOON - timedelta(days=2)
    )
    page = as_page(report_of(Sightings(spec="s", now=report.made, runs=[early, *report.tasks], nodes={})))
    assert "1 run before that: report.json has them." in page
    assert Seen(page).count("title") == 1 + 60 + len([count for _, count in report.bins])
