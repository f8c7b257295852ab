"""What the service did although its answer was lost is found done."""

from pathlib import Path

from batchctl.local import Services
from batchctl.resources import Job
from tests.proxy import Meddling
from tests.services import eventually
from tests.sweeps.stage import WHOLE, inside, staged, through


def test_a_job_that_was_sealed_and_ended_at_once(services: Services, tmp_path: Path) -> None:
    stage = staged(tmp_path / "stage", services)
    sealed: list[str] = []

    def ended() -> None:
        job = Job(name=stage.name, pool=stage.name)
        eventually(lambda: stage.cloud.standing(job).ended, "the job ends with its tasks")

    def lose(method: str, path: str) -> Meddling | None:
        if method != "PATCH" or sealed:
            return None
        sealed.append(path)
        return Meddling(status=None, forwarded=True, then=ended)

    with through(services, lose) as ways:
        inside(stage, ways, "apply")
    assert sealed
    assert stage.held() == WHOLE
    stage.clear()
