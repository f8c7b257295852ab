"""A local Azure Batch service. It knows the REST contract and nothing of the rest of batchctl."""
