"""The problems of a spec, for tests that want nothing else of it."""

from pathlib import Path
from typing import Any

from batchctl.errors import Problem
from batchctl.spec.load import examined


def examine(path: Path, variables: Any, environ: Any, **more: Any) -> tuple[Problem, ...]:
    return examined(path, variables, environ, **more)[0]
