"""A lock that somebody else holds is waited for, and that is said."""

import threading
from pathlib import Path

from batchctl.local.home import locked


def test_whoever_waits_says_so(tmp_path: Path) -> None:
    said, order = threading.Event(), list[str]()

    def second() -> None:
        with locked(tmp_path / "lock", lambda line: said.set()):
            order.append("second")

    waiter = threading.Thread(target=second)
    with locked(tmp_path / "lock"):
        waiter.start()
        assert said.wait(60)
        order.append("first")
    waiter.join()
    assert order == ["first", "second"]


def test_a_free_lock_is_taken_without_a_word(tmp_path: Path) -> None:
    said: list[str] = []
    with locked(tmp_path / "lock", said.append):
        pass
    assert said == []
