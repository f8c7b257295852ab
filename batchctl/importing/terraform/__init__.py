"""What Terraform's provider for Azure knows of Batch, as `terraform show -json` tells it."""
