"""What variables stand for, in values of every type."""

from pathlib import Path

import pytest

from batchctl.errors import SpecError
from batchctl.spec.load import load
from batchctl.spec.model import Spec

TEXT = """\
version: 1
name: wc-{vars.env}
vars:
  env: {type: string}
  nodes: {type: int, default: 3}
storage:
  containers: {input: {}}
  uploads: [{from: '*.txt', to: input, path: 'of/{vars.env}', include: ['{vars.env}*']}]
pool:
  id: pool-{vars.env}
  vmSize: '${env:SIZE}'
  image: {publisher: a, offer: b, sku: c}
  targetDedicatedNodes: '{vars.nodes}'
  metadata: [{name: stage, value: 'is {vars.env}, {{vars.env}}'}]
job:
  id: job-{vars.env}
  constraints: {maxWallClockTime: 'PT{vars.nodes}H'}
  tasks:
    - id: t-{index}
      forEach: {range: {start: 1, end: '{vars.nodes}'}}
      commands: ['echo {vars.env}']
"""


def loaded(folder: Path, text: str = TEXT, env: str = "east") -> Spec:
    (folder / "spec.yaml").write_text(text)
    return load(folder / "spec.yaml", {"env": env}, {"SIZE": "Standard_D2s_v5"})


def test_values_of_every_type(tmp_path: Path) -> None:
    spec = loaded(tmp_path)
    assert spec.name == "wc-east"
    [upload] = spec.uploads
    assert (upload.path, upload.include) == ("of/east", ("east*",))
    assert spec.pool
    assert spec.job
    pool, job = spec.pool.wanted, spec.job.wanted
    assert (pool.name, pool.vm_size, pool.target_dedicated_nodes) == ("pool-east", "Standard_D2s_v5", 3)
    assert pool.metadata == (("stage", "is east, {vars.env}"),)
    assert job.name == "job-east"
    assert str(job.max_wall_clock_time) == "3:00:00"


def test_what_the_command_line_gives_is_checked_too(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        loaded(tmp_path, env="no id!")
    assert [(p.line, p.column, p.code) for p in caught.value.problems] == [(line, 7, "format") for line in (2, 10, 16)]
