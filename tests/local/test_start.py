"""Ports are kept over restarts; idleness is a pure question."""

import socket

import pytest

from batchctl.local.ask import Activity
from batchctl.local.start import choose_port
from batchctl.local.supervisor import idle_for


@pytest.fixture
def listener() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


def test_the_remembered_port_is_taken_again() -> None:
    port = choose_port(None)
    assert choose_port(port) == port


def test_a_port_that_is_taken_is_not_chosen(listener: socket.socket) -> None:
    with listener:
        assert choose_port(listener.getsockname()[1]) != listener.getsockname()[1]


def test_two_services_do_not_get_one_port() -> None:
    port = choose_port(None)
    assert choose_port(port, (port,)) != port


@pytest.mark.parametrize(
    ("touched", "found", "idle"),
    [
        ([900.0, 950.0], Activity(40.0, 0), 40.0),
        ([900.0, 990.0], Activity(40.0, 0), 10.0),
        ([100.0, 100.0], Activity(9000.0, 1), 0.0),
        ([100.0, 100.0], None, 0.0),
    ],
    ids=["emulator asked last", "blobs asked last", "a task runs", "it does not answer"],
)
def test_idle(touched: list[float], found: Activity | None, idle: float) -> None:
    assert idle_for(1000.0, touched, found) == idle
