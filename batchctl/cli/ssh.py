"""The command that leads into a node: ssh."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli.options import Options, SpecPath, with_options
from batchctl.cli.speaking import open_printer
from batchctl.cli.target import open_spec
from batchctl.errors import MachineError, Refused, UsageError

if TYPE_CHECKING:
    from batchctl.verbs.enter import Entrance

NOT_CONNECTED = 255
"""ssh's own exit code; any other is that of what ran on the node."""

KEYS = ("id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub")
BEGINS = ("ssh-", "ecdsa-", "sk-")
"""How a line with a public key begins."""


@with_options
def ssh(
    spec: SpecPath,
    node: Annotated[str, typer.Argument(metavar="NODE", help="By how its id begins.", show_default=False)],
    key: Annotated[
        Path | None,
        typer.Option("--key", metavar="FILE", help="Your public key, instead of one that is made.", show_default=False),
    ] = None,
    *,
    options: Options,
) -> None:
    """Log in to a node, as a user made for the purpose. Without a terminal: print the command, for 12 hours."""
    import secrets  # imported late, as what follows: no other command needs it
    import shlex
    import subprocess

    from batchctl.verbs.enter import STAYS, entrance

    if not shutil.which("ssh"):
        raise MachineError("there is no ssh on this machine")
    goes = sys.stdin.isatty() and sys.stdout.isatty()
    out = open_printer(options.no_color, aside=not goes)
    opened = open_spec(spec, options, out, names_alone=True)
    door = entrance(opened.spec, opened.cloud.eyes, node)
    with key_for(key, make=goes) as public:
        user, until = f"batchctl{secrets.token_hex(3)}", opened.cloud.clock.now() + STAYS
        if not opened.cloud.hands.let_in(door.node, user, key_text(public), until):
            raise Refused([f"node {door.node.id} is in no state to let anybody in"])
        command = ssh_command(door, user, public)
        out.say(f"user {user} may enter until {until.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
        if not goes:
            sys.stdout.write(f"{shlex.join(command)}\n")
            return
        try:
            code = subprocess.call(command)
        finally:
            opened.cloud.hands.let_out(door.node, user)
            out.say(f"user {user} is gone")
    if code == NOT_CONNECTED:
        raise MachineError(f"ssh could not connect to {door.host} port {door.port}, or lost the connection")


def ssh_command(door: "Entrance", user: str, public: Path) -> list[str]:
    """Nodes come and go at one address: it is by the node's id that ssh remembers its key."""
    private = public.with_suffix("")
    identity = ["-i", str(private)] if private.exists() else []  # else an agent has it
    alias = f"HostKeyAlias={door.node.id}"
    return [
        "ssh",
        *identity,
        "-o",
        alias,
        "-o",
        "StrictHostKeyChecking=accept-new",
        "-p",
        str(door.port),
        f"{user}@{door.host}",
    ]


@contextmanager
def key_for(asked: Path | None, *, make: bool) -> Iterator[Path]:
    """A file with a public key: what was asked for, one that is made for now, or one of the user's."""
    if asked or not make:
        yield asked or own_key(Path.home() / ".ssh")
        return
    import subprocess
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="batchctl-") as folder:
        private = Path(folder) / "key"
        # RSA, for it is what every image takes.
        subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "3072", "-N", "", "-f", str(private)], check=True)
        yield private.with_suffix(".pub")


def own_key(folder: Path) -> Path:
    found = next((path for name in KEYS if (path := folder / name).is_file()), None)
    if found is None:
        raise UsageError(f"there is no public key in {folder}: `ssh-keygen` makes one, or --key names it")
    return found


def key_text(public: Path) -> str:
    """Raises UsageError for what is no public key: a private one never leaves the machine."""
    try:
        text = public.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"--key: {public} cannot be read as a public key ({error})") from None
    if not text.startswith(BEGINS) or "\n" in text:
        raise UsageError(f"--key: {public} holds no public key, one line such as 'ssh-ed25519 AAAA… me'")
    return text
