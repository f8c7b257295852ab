"""What was applied, imported again: the spec plans nothing."""

import pytest

from tests.sweeps.stage import Stage

pytestmark = pytest.mark.e2e


def test_import_of_a_job(stage: Stage) -> None:
    assert stage.run(None, "apply", "spec.yaml", "--yes").code == 0
    imported = stage.run(None, "import", "--job", stage.name, "-o", "spec.yaml")
    assert imported.code == 64, imported.said
    imported = stage.run(None, "import", "--job", stage.name, "-o", "spec.yaml", "--force")
    assert imported.code == 0, imported.said
    assert "forEach:" in (stage.folder / "spec.yaml").read_text()
    planned = stage.run(None, "plan", "spec.yaml", "--detailed-exitcode")
    assert planned.code == 0, planned.said
