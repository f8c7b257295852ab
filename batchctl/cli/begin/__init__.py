"""The commands for the first quarter of an hour."""

from batchctl.cli.begin.demo import demo

__all__ = ["demo"]
