"""The door: flags, the target, the question, exit codes. The only place where the parts are put together."""

import contextlib
import os
import re
import signal
import sys
from collections.abc import Callable, Mapping
from types import FrameType
from typing import Annotated, Any, NoReturn

import typer
from typer.exceptions import TyperException

from batchctl.cli.completing import completed_command
from batchctl.cli.speaking import OPENED, SPEC_CODECS, open_page, open_voice
from batchctl.errors import BatchctlError, MachineError, Partial, UsageError

TYPER_INTERRUPTED = 130
"""What typer makes of Ctrl-C, so that nobody below it sees the exception."""

Commands = Mapping[str, Any]
"""By their names; a typer.Typer has commands of its own."""


def _begins() -> Commands:
    from batchctl.cli import begin

    return {"demo": begin.demo, "init": begin.init, "doctor": begin.doctor}


def _runs() -> Commands:
    from batchctl.cli import specs, watching

    return {"plan": specs.plan, "apply": specs.apply, "watch": watching.watch, "destroy": specs.destroy}


def _looks() -> Commands:
    from batchctl.cli import dumping, files, looking

    told = (looking.status, looking.why, looking.logs, looking.tasks, looking.nodes, looking.outputs)
    named = {command.__name__: command for command in (*told, files.ls, files.get, looking.report)}
    return {**named, "debug-dump": dumping.debug_dump}


def _acts() -> Commands:
    from batchctl.cli import acting, ssh

    done = (acting.cancel, acting.retry, acting.pause, acting.resume, acting.reboot, ssh.ssh)
    return {command.__name__: command for command in done}


def _texts() -> Commands:
    from batchctl.cli import expanding, importing, reading

    read = (reading.validate, expanding.expand, reading.explain, reading.show, reading.schema)
    return {**{command.__name__: command for command in read}, "import": importing.import_}


def _places() -> Commands:
    from batchctl.cli import gc, local, prices, reading

    return {"gc": gc.gc, "version": reading.version, "prices": prices.app, "local": local.app}


GROUPS: Mapping[str, tuple[Callable[[], Commands], frozenset[str]]] = {
    "Commands": (_runs, frozenset(("plan", "apply", "watch", "destroy"))),
    "Begin": (_begins, frozenset(("demo", "init", "doctor"))),
    "What is going on": (
        _looks,
        frozenset(("status", "why", "logs", "tasks", "nodes", "outputs", "ls", "get", "report", "debug-dump")),
    ),
    "What is to be done": (_acts, frozenset(("cancel", "retry", "pause", "resume", "reboot", "ssh"))),
    "Specs and plans": (_texts, frozenset(("validate", "expand", "explain", "show", "schema", "import"))),
    "The account and this machine": (_places, frozenset(("gc", "version", "prices", "local"))),
}
"""The commands as --help shows them, the few that matter first: who makes them, and their names."""


def door(asked: str = "") -> typer.Typer:
    """The command line for somebody who begins with this word. typer builds every command that it knows, whichever is
    meant: so it is told of that one alone, and of all where help is wanted, or a word that is no command."""
    app = typer.Typer(
        name="batchctl",
        pretty_exceptions_enable=False,  # nobody sees a traceback (design D12), not even a handsome one
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(batchctl)
    one = any(asked in names for _, names in GROUPS.values())
    for group, (made, names) in GROUPS.items():
        for name, command in made().items() if not one or asked in names else ():
            if name == asked or not one:
                _add(app, group, name, command)
    return app


def _add(app: typer.Typer, group: str, name: str, command: Any) -> None:
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name, rich_help_panel=group)
    else:
        app.command(name, rich_help_panel=group)(command)


def _say_version(asked: bool) -> None:
    if asked:
        from batchctl.cli.reading import version

        version()
        raise typer.Exit


def batchctl(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_say_version)
    ] = False,
) -> None:
    """Plan, apply and destroy workloads on Azure Batch, or on the Azure Batch of this machine."""


AS_JSON = re.compile(r"(?:^| )(?:--json|-o ?json|--output[ =]json)(?: |\Z)")
"""How a command line asks for JSON, which nobody could read to its end."""

STREAMS = ("plan", "apply", "watch", "destroy", "gc")
"""Commands whose --json is a stream, which ends with an error if there is one."""

CHANGE = frozenset(("apply", "watch", "destroy", "get", "cancel", "retry", "pause", "resume", "reboot", "gc"))
"""Commands of which a part may be done when they are cut off."""

INTERRUPTED = (
    "interrupted. What was begun in the service goes on; the same command goes on from here, or after a saved plan an "
    "apply of its spec"
)

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
"""All end a command alike: nothing new is begun, and what holds a lock lets go. Windows has no SIGHUP."""

HINT = b"Interrupted: what is under way is finished first. Once more (Ctrl-C) leaves at once.\n"
LEFT = b"Left at once: what was under way may be done or not. The same command goes on from there.\n"


def main() -> NoReturn:
    """The console script: every error becomes one message and the exit code of design D12."""
    Interruption().listen()
    _open_closed_streams()
    sys.exit(run(sys.argv[1:]))


def _open_closed_streams() -> None:
    """Whoever closed a stream (`>&-`) wants nothing of it; Python has None in its place, which nobody can write to."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8"))


def _cut_off(error: OSError, *, changes: bool) -> int:
    """A full disk, or nobody who reads what is said: to look at the first lines alone is no error."""
    # Python flushes at exit what could not be written, and would complain once more.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    if isinstance(error, BrokenPipeError) and not changes:
        return 0
    where = f": {error.filename}" if error.filename else ""
    why = (
        "nobody reads the output any more"
        if isinstance(error, BrokenPipeError)
        else f"{error.strerror or error}{where}"
    )
    told = Partial(f"cut off: {why}. The same command goes on from here") if changes else MachineError(why)
    with contextlib.suppress(OSError):
        open_page().error(told)
    return told.exit_code


def run(arguments: list[str]) -> int:
    """Run one command line; returns its exit code."""
    # Whoever says nothing wants to know what there is.
    arguments = arguments or ["--help"]

    SPEC_CODECS.clear()
    OPENED.clear()

    def tell(error: BatchctlError) -> None:
        as_json = arguments[0] in STREAMS and AS_JSON.search(" ".join(arguments)) is not None
        voice = OPENED[-1] if OPENED else open_voice(as_json)
        for codec in SPEC_CODECS:
            voice.hide(codec)
        voice.error(error)

    try:
        # Else typer would end the process itself, with exit codes of its own and messages past our voice.
        code = door(completed_command(os.environ, arguments[0]))(
            args=arguments, prog_name="batchctl", standalone_mode=False
        )
        if code == TYPER_INTERRUPTED:
            raise KeyboardInterrupt
        sys.stdout.flush()  # at exit it is too late to say that nobody reads it
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
    except (OSError, SystemExit) as error:
        # typer makes an exit of a pipe that nobody reads.
        cause = error if isinstance(error, OSError) else error.__context__
        if not isinstance(cause, OSError):
            raise
        return _cut_off(cause, changes=arguments[0] in CHANGE)
    except Exception as error:
        if os.environ.get("BATCHCTL_DEBUG"):
            raise
        tell(BatchctlError(f"a bug in batchctl: {type(error).__name__}: {error}. BATCHCTL_DEBUG=1 shows where"))
        return BatchctlError.exit_code
    finally:
        for voice in OPENED:
            voice.end()


class Interruption:
    """Ctrl-C, once and twice: what is under way is finished, or not even that.

    The first signal raises KeyboardInterrupt, the second ends the process.
    """

    def __init__(self) -> None:
        self._asked = False

    def listen(self) -> None:
        """To all of the signals that whoever started us does not want to be ignored, as nohup does."""
        for number in (getattr(signal, name) for name in SIGNALS if hasattr(signal, name)):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._heard)

    def _heard(self, _signal: int, _frame: FrameType | None) -> None:
        # A terminal that hung up, or a reader that has gone, cannot be told. No print: the signal may have come in the
        # middle of one, and a buffer is not entered twice.
        is_shown = any(voice.interrupted(again=self._asked) for voice in OPENED)
        with contextlib.suppress(OSError, ValueError):
            os.write(sys.stderr.fileno(), LEFT if self._asked else b"" if is_shown else HINT)
        if self._asked:
            # An ordinary exit waits for every thread, and those are what somebody does not want to wait for.
            os._exit(Partial.exit_code)
        self._asked = True
        raise KeyboardInterrupt
