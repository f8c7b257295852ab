"""The local Azure Batch service: the Batch REST API 2025-06-01 on loopback, running its tasks for real.

It is reached by HTTP alone: nothing of batchctl imports it, and it imports nothing of batchctl.
"""
