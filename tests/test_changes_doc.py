"""docs/changes.md says of every field what its change means, and says what is so."""

import re
from dataclasses import fields
from pathlib import Path

from batchctl.resources import KINDS
from batchctl.rest import camel
from batchctl.rules import Rule

PAGE = (Path(__file__).parents[1] / "docs" / "changes.md").read_text(encoding="utf-8")
WORDS = {
    Rule.IN_PLACE: "in place",
    Rule.WHEN_EMPTY: "in an empty pool",
    Rule.NEW_GENERATION: "in the next generation",
    Rule.NEXT_JOB: "from the next job on",
    Rule.REPLACE: "by making it anew",
}
REST = {"environment": "commonEnvironmentSettings", "maxWallClockTime": "constraints.maxWallClockTime"}
REST |= {name: f"constraints.{name}" for name in ("maxTaskRetryCount", "retentionTime")}
NOT_BY_NAME = {
    ("task", "digest"),
    ("blob", "md5"),
    ("job", "pool"),
    ("job", "autoPool"),
    ("job", "usesTaskDependencies"),
    ("schedule", "job"),
    ("schedule", "digest"),
}
"""Told in words on that page: no spec has a key of that name."""


def test_every_compared_field_is_on_the_page_with_its_rule() -> None:
    rows = re.findall(r"(?m)^\| `([a-zA-Z]+)\.([a-zA-Z.]+)` \| ([^|]+) \|$", PAGE)
    compared = {
        (kind.kind, REST.get(camel(f.name), camel(f.name))): WORDS[f.metadata["rule"]]
        for kind in KINDS
        for f in fields(kind)
        if "rule" in f.metadata and (kind.kind, camel(f.name)) not in NOT_BY_NAME
    }
    assert {(kind, name): rule for kind, name, rule in rows} == compared
