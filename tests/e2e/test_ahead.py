"""A service whose clock is not ours: its stamps are compared with its own time."""

from datetime import timedelta
from pathlib import Path

from batchctl.clock import SystemClock
from batchctl.cloud.azure_cloud import Azure
from batchctl.reconcile.events import Took
from batchctl.render.status import status_lines
from batchctl.spec.load import load
from batchctl.verbs import look
from batchctl.verbs.apply import apply
from batchctl.verbs.gc import inspect
from tests.emulator.stand import Local, until

SPEC = """
version: 1
name: ahead
logs: false
expiresAfter: 2d
pool:
  id: ahead
  vmSize: Standard_D2s_v5
  image: {publisher: canonical, offer: ubuntu-24_04-lts, sku: server}
  targetDedicatedNodes: 1
job: {id: ahead, tasks: [{id: t, commands: ['sleep 1000']}]}
"""
AHEAD = timedelta(days=3)
MOMENT = timedelta(minutes=1)


def test_ages_and_ends_are_told_by_the_clock_of_the_service(tmp_path: Path, service: Local, cloud: Azure) -> None:
    (tmp_path / "s.yaml").write_text(SPEC)
    spec = load(tmp_path / "s.yaml", {}, {})
    service.turn(AHEAD.total_seconds())
    events = list(apply(spec, cloud, cloud.clock, lambda _plan: True, patience=None, wait=False))
    (took,) = [event for event in events if isinstance(event, Took)]
    assert took.ended - took.begun < MOMENT
    until(lambda: [run.status for run in look.tasks(spec, cloud.eyes)] == ["running"], "the start")
    (run,) = look.tasks(spec, cloud.eyes)
    assert run.started is not None
    assert abs(cloud.clock.now() - run.started) < MOMENT
    assert AHEAD - MOMENT < cloud.clock.now() - SystemClock().now() < AHEAD + MOMENT
    (lives,) = look.status(spec, cloud.eyes, cloud.clock).spent
    assert lives.time < MOMENT
    service.turn((timedelta(days=1) + MOMENT).total_seconds())  # the service tells its time to the second
    lines = list(status_lines(look.status(spec, cloud.eyes, cloud.clock), "s.yaml", cloud.clock.now()))
    assert any(line.endswith(", 1 d ago") for line in lines), lines
    (mine,) = [found for found in inspect(cloud, cloud.clock, tmp_path) if found.owner == "ahead"]
    assert mine.unwanted is None
    service.turn(timedelta(days=1).total_seconds())
    look.tasks(spec, cloud.eyes)
    (mine,) = [found for found in inspect(cloud, cloud.clock, tmp_path) if found.owner == "ahead"]
    assert "expired" in (mine.unwanted or "")
