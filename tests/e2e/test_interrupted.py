"""Ctrl-C while requests are tried again, or not answered at all."""

import signal
import threading
from typing import TYPE_CHECKING

import pytest

from tests.proxy import Meddling
from tests.sweeps.stage import WHOLE, Stage, ended, through

if TYPE_CHECKING:
    import subprocess

pytestmark = pytest.mark.e2e


class Download:
    """The first request for the content of an output sends a signal; without an `answer` it sends more of them, and
    none gets an answer before `over`."""

    def __init__(self, answer: Meddling | None) -> None:
        self.process: subprocess.Popen[str] | None = None
        self.asked, self.over = 0, threading.Event()
        self._answer, self._lock = answer, threading.Lock()

    def __call__(self, method: str, path: str) -> Meddling | None:
        if method != "GET" or "_OUTPUT.txt" not in path:
            return None
        with self._lock:
            self.asked += 1
            if self.asked == 1 and self.process:
                self.process.send_signal(signal.SIGINT)
        while self._answer is None and not self.over.wait(0.05):
            if self.process:
                self.process.send_signal(signal.SIGINT)
        return self._answer


def test_a_request_is_not_tried_again_after_ctrl_c(stage: Stage) -> None:
    download = Download(Meddling(status=503, code="ServerBusy"))
    with through(stage.services, download) as ways:
        download.process = stage.start(ways, "apply", "spec.yaml", "--yes")
        done = ended(download.process)
    assert done.code == 5, done
    assert "Ctrl-C" in done.said
    assert "Traceback" not in done.said
    assert download.asked <= 2 * len("ab"), done
    assert [p.name for p in (stage.folder / "results").rglob("*")] == []
    assert stage.run(None, "apply", "spec.yaml", "--yes").code == 0
    assert stage.held() == WHOLE


def test_a_second_ctrl_c_waits_for_nobody(stage: Stage) -> None:
    download = Download(None)
    with through(stage.services, download) as ways:
        download.process = stage.start(ways, "apply", "spec.yaml", "--yes")
        try:
            done = ended(download.process, within=40)
        finally:
            download.over.set()
    assert done.code == 5, done
    assert "Left at once" in done.said
    assert "Traceback" not in done.said
    assert stage.run(None, "apply", "spec.yaml", "--yes").code == 0
    assert stage.held() == WHOLE
