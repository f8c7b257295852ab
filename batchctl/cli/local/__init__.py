"""The commands of the services on this machine."""

from batchctl.cli.local.services import app

__all__ = ["app"]
