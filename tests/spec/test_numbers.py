"""Numbers arrive where they are put in as they were written, whatever the type of what holds them."""

import shlex
from pathlib import Path

import pytest

from batchctl.resources import Task
from batchctl.spec.load import load
from batchctl.spec.outside.stocktaking import take_inventory
from batchctl.spec.resolve import resolve

TEXT = """\
version: 1
name: numbers
vars:
  version: {type: string, default: 3.10}
  whole: {type: string, default: 12}
  given: {type: number}
  named: {type: string}
pool:
  id: p
  vmSize: Standard_D2s_v5
  image: {publisher: a, offer: b, sku: '{vars.version}'}
  metadata: [{name: rate, value: '{vars.given}'}]
job:
  id: j
  tasks:
    - id: product-{index}
      forEach: {product: {a: {list: [1.50]}, b: {list: [2e2, -0]}}}
      command: ['{item.a}', '{item.b}', '{key}']
    - id: chunk-{index}
      forEach: {list: [0.10, 5e0], chunk: {size: 2}}
      command: ['{items}', '{items[1]}']
    - id: vars
      displayName: at {vars.given}
      command: ['{vars.version}', '{vars.whole}', '{vars.given}', '{vars.named}']
"""


def test_numbers_arrive_as_they_were_written(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text(TEXT)
    spec = load(tmp_path / "spec.yaml", {"given": "6.00", "named": "7.0"}, {})
    tasks = {t.id: t for t in resolve(spec, take_inventory(spec, {})).resources if isinstance(t, Task)}
    words = {name: shlex.split(task.command_line) for name, task in tasks.items()}
    assert [words["product-0"], words["product-1"]] == [["1.50", "2e2", "1.50-2e2"], ["1.50", "-0", "1.50--0"]]
    assert words["chunk-0"] == ["0.10", "5e0", "5e0"]
    assert words["vars"] == ["3.10", "12", "6.00", "7.0"]
    assert tasks["vars"].display_name == "at 6.00"
    assert spec.pool
    assert (spec.pool.wanted.image.sku, spec.pool.wanted.metadata) == ("3.10", (("rate", "6.00"),))


@pytest.mark.parametrize("given", ["6.00", "1e3", "-0"])
def test_a_number_of_the_command_line_is_still_one(tmp_path: Path, given: str) -> None:
    (tmp_path / "spec.yaml").write_text("version: 1\nname: a\nvars: {x: {type: number, min: -1, max: 1000}}\n")
    value = load(tmp_path / "spec.yaml", {"x": given}, {}).values["vars.x"]
    assert (value, str(value)) == (float(given), given)
