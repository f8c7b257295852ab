"""What a command costs before it does anything, beside bare programs that load the same libraries.

Where aiohttp is installed, as the development tools need it, the SDK loads it too: 0.1 s for each of both. So that pair
stands here twice, the second time with aiohttp hidden from it, as most users' environments have none.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Figure
from benchmarks.measure import Run, in_turn, run
from benchmarks.plans import prepared
from benchmarks.stub import stub

ROUNDS = 15
BATCHCTL = [sys.executable, "-m", "batchctl"]
BARE = '''
import typer
app = typer.Typer()
@app.command()
def hello(name: str = "x") -> None:
    """Say hello."""
@app.command()
def bye(name: str = "x") -> None:
    """Say bye."""
app()
'''
SDK = "import azure.batch, azure.storage.blob"
HIDDEN = "import sys; sys.modules['aiohttp'] = None; "
HIDDEN_BATCHCTL = [sys.executable, "-c", f"{HIDDEN} from batchctl.__main__ import main; main()"]


def figures(rounds: int = ROUNDS) -> list[Figure]:
    with tempfile.TemporaryDirectory() as scratch, _small_spec(Path(scratch)) as (spec, environ):
        bare = Path(scratch) / "bare.py"
        bare.write_text(BARE, encoding="utf-8")
        found = in_turn(
            {
                "pass": lambda: run([sys.executable, "-c", "pass"]),
                "bare": lambda: run([sys.executable, bare, "--help"]),
                "sdk": lambda: run([sys.executable, "-c", SDK]),
                "help": lambda: run([*BATCHCTL, "--help"]),
                "validate": lambda: run([*BATCHCTL, "validate", spec]),
                "plan": lambda: run([*BATCHCTL, "plan", spec], environ),
                "sdk, aiohttp hidden": lambda: run([sys.executable, "-c", HIDDEN + SDK]),
                "plan, aiohttp hidden": lambda: run([*HIDDEN_BATCHCTL, "plan", spec], environ),
            },
            rounds,
        )
    return [
        *_both("`--help`", found["help"], "a bare typer program's --help", found["bare"], "at most 1.5 x"),
        *_both("`validate`, 10 files", found["validate"], "a bare typer program's --help", found["bare"]),
        *_both("no-op `plan`, 10 files", found["plan"], f"python -c '{SDK}'", found["sdk"], "at most 1.5 x"),
        *_both(
            "no-op `plan`, 10 files, without aiohttp",
            found["plan, aiohttp hidden"],
            f"python -c '{SDK}' without aiohttp",
            found["sdk, aiohttp hidden"],
            "at most 1.5 x",
        ),
        *_both("`--help`", found["help"], "python -c pass", found["pass"]),
    ]


def _both(what: str, mine: Run, peer: str, theirs: Run, aim: str = "") -> Iterator[Figure]:
    yield Figure(f"{what}: CPU", mine.cpu * 1000, "ms", peer, theirs.cpu * 1000, aim)
    yield Figure(f"{what}: seconds", mine.seconds * 1000, "ms", peer, theirs.seconds * 1000, aim)


@contextmanager
def _small_spec(scratch: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    with stub(check=False) as service:
        yield prepared(service, scratch / "small", 10)
