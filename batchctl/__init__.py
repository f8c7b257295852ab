"""Declarative orchestration of Azure Batch."""

__version__ = "0.1.0"
