"""`python -m batchctl.emulator`: reads its arguments and serves."""

import argparse
import asyncio
import base64
import binascii
import gc
import logging
import os
import stat
import sys
from pathlib import Path

from batchctl.emulator.auto_storage import AutoStorage
from batchctl.emulator.faults import MOST_SCALE
from batchctl.emulator.settings import Certificates, Settings

GLIMPSE = 0.1
"""Seconds that a state in passing lasts at least: whoever asks in the same instant sees it, and nobody waits for it."""
SELDOM = 50_000
"""Objects made between two looks for garbage: of a hundred thousand tasks each look takes in all."""


def main(arguments: list[str] | None = None) -> int:
    """Serves until it is told to stop. Exit code 64: wrong arguments, 1: the port or the home is taken."""
    try:
        from batchctl.emulator.api.server import serve
    except ModuleNotFoundError as error:  # of the extra: who uses Azure alone has none of it
        print(f"batchctl-emulator: {error.name} is not installed: run pip install 'batchctl[local]'", file=sys.stderr)  # noqa: T201
        return 1
    os.umask(0o077)  # before the first file: the home holds what tasks are told, secrets too
    asked = _argument_parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # It tells every retry with the whole URL, and whatever is signed or secret in it.
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    try:
        settings = Settings(
            home=asked.home.resolve(),
            account=asked.account,
            key=read_key(asked.key_file),
            time_scale=asked.time_scale,
            glimpse=GLIMPSE,
            containers=asked.containers,
            adopts=True,
            accepts_newer_api=asked.accept_newer_api,
            bind=asked.bind,
            host_names=tuple(name.lower() for name in asked.host_name),
            storage=_auto_storage(asked.storage_url, asked.storage_key_file),
            certificates=Certificates(asked.certificates.resolve()) if asked.certificates else None,
            keyless=asked.keyless,
            identity_key=asked.identity_key.resolve() if asked.identity_key else None,
        )
    except (OSError, ValueError) as error:
        print(f"batchctl-emulator: {error}", file=sys.stderr)  # noqa: T201 - a program's last word
        return 64
    gc.set_threshold(SELDOM, 20, 100)
    try:
        asyncio.run(serve(settings, asked.port, ready=asked.ready_file, exit_with_parent=asked.exit_with_parent))
    except BlockingIOError:
        print(f"batchctl-emulator: another one uses {settings.home}", file=sys.stderr)  # noqa: T201
        return 1
    except OSError as error:
        print(f"batchctl-emulator: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def read_key(path: Path) -> bytes:
    """The account's key. ValueError if others may read the file or it does not hold base64."""
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise ValueError(f"{path} may be read by others: its mode must be 0600")
    try:
        key = base64.b64decode(path.read_text().strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) < 16:
        raise ValueError(f"{path} holds no base64 key of 16 bytes or more")
    return key


def _auto_storage(url: str | None, key_file: Path | None) -> AutoStorage | None:
    """The auto storage; its account is the last part of the URL."""
    if not url or not key_file:
        return None
    url = url.rstrip("/")
    return AutoStorage(url, url.rpartition("/")[2], read_key(key_file))


def _argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("batchctl-emulator", description="A local Azure Batch service on 127.0.0.1.")
    parser.add_argument("--home", type=Path, required=True, help="directory of its state and of the nodes")
    parser.add_argument("--port", type=int, default=0, help="0: any free one")
    parser.add_argument(
        "--bind", choices=("127.0.0.1", "0.0.0.0"), default="127.0.0.1", help="the address to listen on"
    )
    parser.add_argument("--host-name", action="append", default=[], help="by which clients may call it too; repeatable")
    parser.add_argument("--account", required=True, help="the account's name")
    parser.add_argument("--key-file", type=Path, required=True, help="file of mode 0600 that holds the base64 key")
    parser.add_argument("--storage-url", help="auto storage: its blob endpoint, which ends with the account's name")
    parser.add_argument("--storage-key-file", type=Path, help="file of mode 0600 that holds its base64 key")
    parser.add_argument(
        "--certificates", type=Path, help="https too: directory with server.pem, server.key and authority.pem"
    )
    parser.add_argument(
        "--keyless", action="store_true", help="tasks are told the https address, and trust bundle.pem beside the above"
    )
    parser.add_argument(
        "--identity-key", type=Path, help="file of the key that signs tokens, made by the first; else it is in the home"
    )
    parser.add_argument("--ready-file", type=Path, help="written when it listens: JSON with url, pid and version")
    parser.add_argument("--exit-with-parent", action="store_true", help="stop when stdin ends")
    parser.add_argument(
        "--time-scale", type=_time_scale, help="0: nodes come at once; 1: after minutes; 0.1 …; without it: as before"
    )
    parser.add_argument(
        "--accept-newer-api", action="store_true", help="serve unknown newer API versions as the newest"
    )
    parser.add_argument(
        "--containers",
        choices=("auto", "host", "refuse"),
        default="auto",
        help="container tasks run with docker or podman, on the host without a container, or not at all",
    )
    return parser


def _time_scale(text: str) -> float:
    if not 0 <= (scale := float(text)) <= MOST_SCALE:
        raise ValueError
    return scale


if __name__ == "__main__":
    sys.exit(main())
