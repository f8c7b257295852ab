"""What Azure Batch itself takes and gives: pools, jobs and tasks as `az batch` has them in JSON."""
