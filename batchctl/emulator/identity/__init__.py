"""Entra ID as far as Batch and storage need it: who asks, what a token says, who signed it."""
