"""The rooms of `batchctl/reconcile`, without any service."""
