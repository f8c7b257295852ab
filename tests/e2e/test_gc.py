"""gc through the command line: a spec that expired is gone, and nothing else."""

import pytest

from tests.streams import checked
from tests.sweeps.stage import WHOLE, Stage

pytestmark = pytest.mark.e2e


def test_gc(stage: Stage) -> None:
    spec = stage.folder / "spec.yaml"
    spec.write_text(spec.read_text().replace("version: 1\n", "version: 1\nexpiresAfter: PT0.001S\n"))
    assert stage.run(None, "apply", "spec.yaml", "--yes").code == 0
    listed = stage.run(None, "gc", "--yes")
    assert listed.code == 4, listed.said
    assert f"{stage.name} ({spec}): 3 containers, 1 pool, 1 job; expired on " in listed.said
    assert "2 outputs are not at home" in listed.said
    assert stage.held() == WHOLE
    as_json = stage.run(None, "gc", "--json")
    assert as_json.code == 0, as_json.said
    [estate] = [e for e in checked(as_json.said) if e["type"] == "estate" and e["owner"] == stage.name]
    assert estate["counts"] == {"container": 3, "pool": 1, "job": 1}
    assert estate["unwanted"].startswith("expired on ")
    assert stage.held() == WHOLE
    cleared = stage.run(None, "gc", "--yes", "--discard-outputs")
    assert cleared.code == 0, cleared.said
    assert stage.held() == {}
    again = stage.run(None, "gc")
    assert again.code == 0, again.said
    assert stage.name not in again.said
