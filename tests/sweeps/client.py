"""The command line on addresses that are given: what `batchctl` does, the choice of the account apart."""

import json
import os
import sys
from typing import Any

from batchctl import cli
from batchctl.cli import target
from batchctl.clock import SystemClock
from batchctl.cloud.connect import Azure, Target, connect


def _given(*_: Any) -> Azure:
    return connect(Target.local(**json.loads(os.environ["SWEEP_TARGET"])), SystemClock())


target._cloud = _given
sys.argv[0] = "batchctl"
cli.main()
