"""The door: flags, the target, the question, exit codes. The only place where the parts are put together."""

import os
import sys
from typing import NoReturn

import typer
from typer.exceptions import TyperException

from batchctl.cli import gc, local, reading, specs
from batchctl.cli.asking import voice
from batchctl.cli.interrupting import Interruption
from batchctl.errors import BatchctlError, Partial, UsageError

TYPER_INTERRUPTED = 130
"""What typer makes of Ctrl-C, so that nobody below it sees the exception."""

app = typer.Typer(
    name="batchctl",
    help="Plan, apply and destroy workloads on Azure Batch, or on the Azure Batch of this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    specs.plan,
    specs.apply,
    specs.destroy,
    gc.gc,
    reading.show,
    reading.validate,
    reading.schema,
    reading.version,
):
    app.command()(command)
app.add_typer(local.app, name="local")

STREAMS = ("plan", "apply", "destroy")
"""Commands whose --json is a stream, which ends with an error if there is one."""

INTERRUPTED = (
    "interrupted. What was begun in the service goes on; the same command goes on from here, or after a saved plan an "
    "apply of its spec"
)


def main() -> NoReturn:
    """The console script: every error becomes one message and the exit code of design D12."""
    Interruption().listen()
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code."""

    def tell(error: BatchctlError) -> None:
        voice("--json" in arguments and arguments[0] in STREAMS).error(error)

    try:
        code = app(args=arguments, prog_name="batchctl", standalone_mode=False)
        if code == TYPER_INTERRUPTED:
            raise KeyboardInterrupt
        return code if isinstance(code, int) else 0
    except BatchctlError as error:
        tell(error)
        return error.exit_code
    except TyperException as error:
        tell(UsageError(error.format_message()))
        return UsageError.exit_code
    except (KeyboardInterrupt, typer.Abort):
        tell(Partial(INTERRUPTED))
        return Partial.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone; Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("BATCHCTL_DEBUG"):
            raise
        tell(BatchctlError(f"a bug in batchctl: {type(error).__name__}: {error}. BATCHCTL_DEBUG=1 shows where"))
        return BatchctlError.exit_code
