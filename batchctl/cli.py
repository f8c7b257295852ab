"""The door: flags, the target, the question, exit codes. The only place where the parts are put together."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from typer.exceptions import TyperException

from batchctl import __version__
from batchctl.errors import BatchctlError, Partial, Refused, SpecError, UsageError
from batchctl.render import Printer, consoles

if TYPE_CHECKING:
    from batchctl.reconcile.plan import Plan
    from batchctl.reconcile.port import Cloud
    from batchctl.spec.model import Spec

AZURE_VARIABLES = ("AZURE_BATCH_ACCOUNT", "AZURE_BATCH_ENDPOINT", "AZURE_BATCH_ACCESS_KEY")
"""What the Azure CLI reads; any of them names an Azure account (design D9)."""

app = typer.Typer(
    name="batchctl",
    help="Plan, apply and destroy workloads on Azure Batch, or on the Azure Batch of this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
local_app = typer.Typer(help="The Azure Batch of this machine, and Azurite for its blobs.", no_args_is_help=True)
app.add_typer(local_app, name="local")

SpecPath = Annotated[Path, typer.Argument(metavar="SPEC", help="The YAML spec.", show_default=False)]
TargetName = Annotated[
    str | None,
    typer.Option(
        "--target", envvar="BATCHCTL_TARGET", help="azure or local; else what the spec or AZURE_BATCH_* name."
    ),
]
Variables = Annotated[list[str] | None, typer.Option("--var", metavar="NAME=VALUE", help="Set one of the spec's vars.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
NoColor = Annotated[bool, typer.Option("--no-color", help="No colour, as with NO_COLOR.")]
Discard = Annotated[bool, typer.Option("--discard-outputs", help="Let outputs go that were not brought home.")]


@app.command()
def plan(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    detailed_exitcode: Annotated[
        bool, typer.Option("--detailed-exitcode", help="Exit 2 if there is something to do, 0 if not.")
    ] = False,
    discard_outputs: Discard = False,
    no_color: NoColor = False,
) -> None:
    """Show what apply would do, and why. Changes nothing."""
    from batchctl import verbs

    printer = _printer(no_color)
    loaded, cloud = _open(spec, target, var, printer)
    decided = verbs.plan(loaded, cloud, discard_outputs=discard_outputs)
    printer.plan(decided)
    if decided.refusals:
        raise Refused(decided.refusals)
    if detailed_exitcode and decided:
        raise typer.Exit(2)


@app.command()
def apply(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    yes: Yes = False,
    discard_outputs: Discard = False,
    no_color: NoColor = False,
) -> None:
    """Show the plan, ask, carry it out, wait for the tasks, bring the outputs home."""
    from batchctl import verbs
    from batchctl.clock import SystemClock

    printer = _printer(no_color)
    _can_ask(yes)
    loaded, cloud = _open(spec, target, var, printer)
    question = "Carry out this plan?"
    events = verbs.apply(
        loaded,
        cloud,
        SystemClock(),
        lambda decided: _approve(printer, decided, yes=yes, question=question),
        discard_outputs=discard_outputs,
    )
    for event in events:
        printer.event(event)
    printer.complete("Apply")


@app.command()
def destroy(
    spec: SpecPath,
    target: TargetName = None,
    var: Variables = None,
    yes: Yes = False,
    discard_outputs: Discard = False,
    no_color: NoColor = False,
) -> None:
    """Show what would go, ask, and take away all that this spec made."""
    from batchctl import verbs

    printer = _printer(no_color)
    _can_ask(yes)
    loaded, cloud = _open(spec, target, var, printer)
    question = "Destroy all of this? There is no undo."
    for event in verbs.destroy(
        loaded,
        cloud,
        lambda decided: _approve(printer, decided, yes=yes, question=question),
        discard_outputs=discard_outputs,
    ):
        printer.event(event)
    printer.complete("Destroy")


@app.command()
def validate(
    specs: Annotated[list[Path], typer.Argument(metavar="SPEC...", help="YAML specs.", show_default=False)],
    no_color: NoColor = False,
) -> None:
    """Check specs and report every problem at once. Sends no request."""
    from batchctl.spec.load import examine

    printer = _printer(no_color)
    problems = [problem for path in specs for problem in examine(path, {}, os.environ)]
    if problems:
        raise SpecError(problems)
    printer.result(f"{len(specs)} valid." if len(specs) > 1 else f"{specs[0]} is valid.")


@app.command()
def schema() -> None:
    """Print the JSON schema of specs, for editors."""
    from batchctl.spec.load import schema_text

    sys.stdout.write(schema_text())


@app.command()
def version() -> None:
    """Print the version."""
    sys.stdout.write(f"batchctl {__version__}\n")


@local_app.command("start")
def local_start() -> None:
    """Start both services in the background, if they do not run."""
    from batchctl import local

    printer = _printer()
    services = local.ensure(printer.say)
    printer.result(f"batch:  {services.batch_url} (account {services.batch_account})")
    printer.result(f"blobs:  {services.blob_url} (account {services.storage_account})")
    printer.result(f"home:   {services.home}")


@local_app.command("stop")
def local_stop() -> None:
    """Stop both services; what they hold stays for the next start."""
    from batchctl import local

    _printer().result("Stopped." if local.stop() else "They did not run.")


@local_app.command("status")
def local_status() -> None:
    """Say whether they run, where, and since when nothing was asked of them."""
    from batchctl import local

    status, printer = local.status(), _printer()
    printer.result(f"home:   {status.home}")
    if not status.running:
        printer.result("They do not run.")
        return
    printer.result(f"batch:  {status.batch_url}")
    printer.result(f"blobs:  {status.blob_url}")
    printer.result("processes: " + ", ".join(f"{name} {pid}" for name, pid in (status.pids or {}).items()))
    printer.result(f"idle for {status.idle_seconds or 0:.0f} s, {status.running_tasks or 0} tasks running")


@local_app.command("reset")
def local_reset(yes: Yes = False) -> None:
    """Stop both services and delete all that they hold: pools, jobs, blobs, logs."""
    from batchctl import local

    printer = _printer()
    _can_ask(yes)
    home = local.status().home
    if not yes and not _asked(printer, f"Delete every pool, job and blob in {home}?"):
        raise Refused(["not approved: nothing was changed"])
    local.reset()
    printer.result("Reset.")


@local_app.command("logs")
def local_logs(lines: Annotated[int, typer.Option("--lines", "-n", min=1, help="Lines of each log.")] = 20) -> None:
    """Print the end of each service's log."""
    from batchctl import local

    printer = _printer()
    for name, found in local.logs(lines).items():
        printer.result(f"==> {name} <==")
        for line in found:
            printer.result(line)


def main() -> NoReturn:
    """The console script: every error becomes one message and the exit code of design D12."""
    # A SIGTERM ends a command as Ctrl-C does: nothing new is begun, and what holds a lock lets go.
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code."""
    try:
        code = app(args=arguments, prog_name="batchctl", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except BatchctlError as error:
        _printer().error(error)
        return error.exit_code
    except TyperException as error:
        _printer().error(UsageError(error.format_message()))
        return UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _printer().error(
            Partial("interrupted. What was begun in the service goes on; the same command goes on from here")
        )
        return Partial.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("BATCHCTL_DEBUG"):
            raise
        _printer().error(
            BatchctlError(f"a bug in batchctl: {type(error).__name__}: {error}. BATCHCTL_DEBUG=1 shows where")
        )
        return BatchctlError.exit_code


def _open(path: Path, target: str | None, var: list[str] | None, printer: Printer) -> "tuple[Spec, Cloud]":
    from batchctl.spec.load import load

    spec = load(path, _variables(var), os.environ)
    return spec, _cloud(spec, target, os.environ, printer)


def _cloud(spec: "Spec", target: str | None, environ: Mapping[str, str], printer: Printer) -> "Cloud":
    """The cloud of the target, said in the first line."""
    name, why = _choose(spec, target, environ)
    from batchctl.clock import SystemClock
    from batchctl.cloud.connect import Target, connect

    if name == "azure":
        account = (spec.account.batch, spec.account.storage) if spec.account else (None, None)
        chosen = Target.azure(account, environ)
        printer.target(f"Target: azure, {chosen.batch_url} ({why})")
    else:
        from batchctl import local

        printer.target(f"Target: local ({why})")
        services = local.ensure(printer.say)
        chosen = Target.local(
            batch_url=services.batch_url,
            batch_account=services.batch_account,
            batch_key=services.batch_key,
            storage_url=services.blob_url,
            storage_account=services.storage_account,
            storage_key=services.storage_key,
        )
    return connect(chosen, SystemClock())


def _choose(spec: "Spec", target: str | None, environ: Mapping[str, str]) -> tuple[str, str]:
    """(azure or local, why), in the order of design D9."""
    if target is not None:
        if target not in ("azure", "local"):
            raise UsageError(f"--target is azure or local, not {target!r}")
        return target, "as --target or BATCHCTL_TARGET says"
    if spec.account is not None:
        return "azure", "the spec's account"
    if named := [variable for variable in AZURE_VARIABLES if environ.get(variable)]:
        return "azure", f"{named[0]} is set"
    return "local", "no Azure account is named"


def _variables(var: list[str] | None) -> dict[str, str]:
    for item in var or ():
        if "=" not in item:
            raise UsageError(f"--var takes NAME=VALUE, not {item!r}")
    return dict(item.split("=", 1) for item in var or ())


def _approve(printer: Printer, decided: "Plan", *, yes: bool, question: str) -> bool:
    printer.plan(decided)
    # A plan without changes only waits and fetches: there is nothing to agree to.
    if yes or decided.refusals or not decided.changes:
        return True
    return _asked(printer, question)


def _asked(printer: Printer, question: str) -> bool:
    printer.say(f"\n{question} Only 'yes' is accepted:")
    return sys.stdin.readline().strip() == "yes"


def _can_ask(yes: bool) -> None:
    if not yes and not sys.stdin.isatty():
        raise UsageError("standard input is not a terminal, so nobody can be asked: pass --yes")


def _printer(no_color: bool = False) -> Printer:
    return Printer(*consoles(no_color=no_color))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
