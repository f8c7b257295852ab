"""Templates of the retired extension of the Azure CLI (azure-batch-extensions 9.0.0), with their parameters."""
