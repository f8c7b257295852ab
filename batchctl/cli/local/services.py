"""batchctl local: starts, stops, looks at and empties the services on this machine."""

import os
import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from batchctl.cli.local import faults, opening, seeding, snapshots
from batchctl.cli.local.clock import checked_scale, clock_line, local_advance
from batchctl.cli.options import Options, with_options
from batchctl.cli.speaking import ask_for_yes, open_page, require_an_answer
from batchctl.errors import Refused
from batchctl.words import plural

if TYPE_CHECKING:
    from batchctl.local import Services
    from batchctl.render.page import Page

_NETWORKS = "For containers and networks"

Port = Annotated[
    int | None, typer.Option("--port", min=1, max=65535, help="Batch on this port.", rich_help_panel=_NETWORKS)
]
BlobPort = Annotated[
    int | None, typer.Option("--blob-port", min=1, max=65535, help="Blobs on this port.", rich_help_panel=_NETWORKS)
]
HostNames = Annotated[
    list[str] | None,
    typer.Option(
        "--host-name",
        metavar="NAME",
        help="Let clients in that call them by this name, too; repeatable. Other names stay refused.",
        rich_help_panel=_NETWORKS,
    ),
]
Bind = Annotated[
    str,
    typer.Option(
        "--bind",
        metavar="ADDRESS",
        help="127.0.0.1, or 0.0.0.0 in a container, where a published port comes from outside.",
        rich_help_panel=_NETWORKS,
    ),
]

_KEYLESS = "mode:   keyless: blobs over https alone, tokens beside keys"

app = typer.Typer(help="The Azure Batch of this machine, and Azurite for its blobs.", no_args_is_help=True)
app.add_typer(faults.app, name="fault")


@app.command("start")
def local_start(
    print_env: Annotated[
        bool, typer.Option("--print-env", help="Print `export` lines for a shell, keys included, and nothing else.")
    ] = False,
    time_scale: Annotated[
        float | None,
        typer.Option(
            "--time-scale",
            help="Steps of pools, nodes and deletes take as long as on Azure, roughly, times this: 0.1, 1; 0: at once. "
            "It stays so until another is named.",
        ),
    ] = None,
    newer_api: Annotated[
        bool | None,
        typer.Option(
            "--accept-newer-api/--refuse-newer-api",
            help="Serve API versions that are newer than is known as the newest, with a warning header. It stays so.",
        ),
    ] = None,
    keyless: Annotated[
        bool | None,
        typer.Option("--keyless/--no-keyless", help="Https alone, with tokens beside keys. It stays so."),
    ] = None,
    foreground: Annotated[
        bool, typer.Option("--foreground", help="Serve in this process until it is told to stop, idle or not.")
    ] = False,
    port: Port = None,
    blob_port: BlobPort = None,
    host_name: HostNames = None,
    bind: Bind = "127.0.0.1",
) -> None:
    """Start both services in the background, if they do not run."""
    from batchctl import local
    from batchctl.local.clock import set_time_scale

    out, scale = open_page(), None if time_scale is None else checked_scale(time_scale)
    names = tuple(host_name or ())
    asked = local.Asked(port=port, blob_port=blob_port, bind=bind, host_names=names, keyless=keyless)

    def tell(services: local.Services) -> None:
        if newer_api is not None:
            local.accept_newer_api(newer_api)
        if scale is not None:
            set_time_scale(scale)
        _tell(out, services, print_env)

    if foreground:
        local.serve_here(out.say, asked, tell)
    else:
        tell(local.ensure_running(out.say, asked=asked))


def _tell(out: "Page", services: "Services", print_env: bool) -> None:
    """Where they are, and what opens them if a shell is to know it."""
    if print_env:
        # Past the printer, which cleans what it prints for people: a shell reads these as they are.
        for name, value in services.environment.items():
            typer.echo(f"export {name}={shlex.quote(value)}")
        return
    out.result(f"batch:  {services.batch_url} (account {services.batch_account})")
    out.result(f"blobs:  {services.blob_url} (account {services.storage_account})")
    if services.authority:
        out.result(_KEYLESS)
    out.result(f"home:   {services.home}")


@app.command("stop")
def local_stop() -> None:
    """Stop both services; what they hold stays for the next start."""
    from batchctl import local

    out = open_page()
    out.result("Stopped." if local.stop() else "They did not run.")
    if left := local.left_in(os.environ):
        out.result(f"This shell still names them: unset {' '.join(left)}")


@app.command("status")
def local_status() -> None:
    """Say whether they run, where, and since when nothing was asked of them."""
    from batchctl import local

    status, out = local.status(), open_page()
    out.result(f"home:   {status.home}")
    if not status.running:
        out.result("They do not run.")
        return
    out.result(f"batch:  {status.batch_url}")
    out.result(f"blobs:  {status.blob_url}")
    if status.bind != "127.0.0.1" or status.host_names:
        names = f", called also {', '.join(status.host_names)}" if status.host_names else ""
        out.result(f"listen on {status.bind}{names}")
    if status.keyless:
        out.result(_KEYLESS)
    out.result("processes: " + ", ".join(f"{name} {pid}" for name, pid in (status.pids or {}).items()))
    out.result(f"idle for {status.idle_seconds or 0:.0f} s, {status.running_tasks or 0} tasks running")
    if status.ahead_seconds:
        out.result(clock_line(status.ahead_seconds))
    if status.time_scale:
        out.result(f"its steps take {status.time_scale:g} of their time on Azure (time scale)")
    if status.accepts_newer_api:
        out.result("API versions that are newer than is known are served as the newest")
    if status.faults:
        out.result(f"{plural(status.faults, 'fault')} in force: batchctl local fault list")


app.command("open")(opening.local_open)


@app.command("reset")
@with_options
def local_reset(*, options: Options) -> None:
    """Delete all that both services hold: pools, jobs, blobs. They serve on, if they run."""
    from batchctl import local

    out = open_page()
    require_an_answer(options.yes)
    home = local.status().home
    if not options.yes and not ask_for_yes(out, f"Delete every pool, job and blob in {home}?"):
        raise Refused(["not approved: nothing was changed"])
    out.result("Reset: they serve on, empty." if local.reset() else "Reset.")


@app.command("logs")
def local_logs(lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Lines of each log.")] = 20) -> None:
    """Print the end of each service's log."""
    from batchctl import local

    out = open_page()
    for name, found in local.logs(lines).items():
        out.result(f"==> {name} <==")
        for line in found:
            out.result(line)


app.command("snapshot")(snapshots.local_snapshot)
app.command("restore")(snapshots.local_restore)
app.command("advance")(local_advance)
app.command("seed")(seeding.local_seed)
