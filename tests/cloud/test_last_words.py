"""What a task said last, told when it failed."""

import pytest

from batchctl.clock import SystemClock
from batchctl.cloud.connect import connect
from batchctl.resources import Task
from tests.cloud.test_answers import answering


@pytest.mark.parametrize(
    ("stderr", "stdout", "told"),
    [
        ("no module\n", "reading\n", ("no module",)),
        ("", "licence expired\n", ("licence expired",)),
        (" \n\n", "one\ntwo\nthree\n", ("two", "three")),
        ("", "", ()),
    ],
)
def test_stdout_speaks_where_stderr_is_silent(stderr: str, stdout: str, told: tuple[str, ...]) -> None:
    files = {"stderr.txt": stderr, "stdout.txt": stdout}
    task = Task(job="j", id="t", command_line="x")
    with answering(200, "text/plain", "", files=files) as target:
        assert connect(target, SystemClock()).tail(task, 2) == told
