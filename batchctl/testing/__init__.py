"""Other people's tests on a local Azure Batch."""
