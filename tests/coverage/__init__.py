"""What Azure Batch can be told, by the models of its SDK, and how a spec says it."""
