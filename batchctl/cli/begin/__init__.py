"""The commands for the first quarter of an hour."""

from batchctl.cli.begin.demo import demo
from batchctl.cli.begin.doctor import doctor
from batchctl.cli.begin.init import init

__all__ = ["demo", "doctor", "init"]
