"""What the machine can do at all, whoever asks: what every other figure is bound by.

Bare Python, a process of `true`, MD5 and SHA-256 of bytes in memory, bytes through a socket of loopback between two
processes, small exchanges on one, small files written and closed. Seconds by the clock, of one thread on each side.
"""

import hashlib
import multiprocessing
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure
from benchmarks.measure import run

ROUNDS = 7
MIB = 1 << 20
VOLUME, EXCHANGES, FILES = 512, 20_000, 2000
"""MiB, small requests, files of 4 KiB."""


def figures(rounds: int = ROUNDS, volume: int = VOLUME, exchanges: int = EXCHANGES, files: int = FILES) -> list[Figure]:
    ways: dict[tuple[str, str], Callable[[], float]] = {
        ("python -c pass", "ms"): lambda: run([sys.executable, "-c", "pass"]).seconds * 1000,
        ("python -I -S -c pass", "ms"): lambda: run([sys.executable, "-I", "-S", "-c", "pass"]).seconds * 1000,
        ("a process of `true`", "ms"): lambda: run(["true"]).seconds * 1000,
        ("MD5 in memory", "MiB/s"): lambda: volume / _hashing("md5", volume),
        ("SHA-256 in memory", "MiB/s"): lambda: volume / _hashing("sha256", volume),
        ("bytes through a socket", "MiB/s"): lambda: volume / _through(volume),
        ("exchanges of 200 bytes on a socket", "/s"): lambda: exchanges / _exchanged(exchanges),
        ("files of 4 KiB made", "/s"): lambda: files / _made(files),
    }
    found: dict[tuple[str, str], list[float]] = {way: [] for way in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(way())
    return [Figure(what, median(values), unit) for (what, unit), values in found.items()]


def _hashing(name: str, volume: int) -> float:
    data, digest = bytes(MIB), hashlib.new(name, usedforsecurity=False)
    began = time.perf_counter()
    for _ in range(volume):
        digest.update(data)
    return time.perf_counter() - began


def _through(volume: int) -> float:
    with _peer(_swallow) as one:
        piece, began = bytes(MIB), time.perf_counter()
        for _ in range(volume):
            one.sendall(piece)
        one.shutdown(socket.SHUT_WR)
        one.recv(1)
        return time.perf_counter() - began


def _exchanged(number: int) -> float:
    with _peer(_echo) as one:
        request, began = bytes(200), time.perf_counter()
        for _ in range(number):
            one.sendall(request)
            one.recv(4096)
        return time.perf_counter() - began


def _made(number: int) -> float:
    with tempfile.TemporaryDirectory() as scratch:
        data, began = bytes(4096), time.perf_counter()
        for n in range(number):
            (Path(scratch) / str(n)).write_bytes(data)
        return time.perf_counter() - began


@contextmanager
def _peer(serve: Callable[[int], None]) -> Iterator[socket.socket]:
    """A connection over loopback to another process."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        process = multiprocessing.get_context("spawn").Process(target=serve, args=(server.getsockname()[1],))
        process.start()
        one, _ = server.accept()
    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with one:
        yield one
    process.join()


def _swallow(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as one:
        buffer = bytearray(MIB)
        while one.recv_into(buffer):
            pass
        one.sendall(b".")


def _echo(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as one:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while piece := one.recv(4096):
            one.sendall(piece)
