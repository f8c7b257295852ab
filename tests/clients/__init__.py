"""Other people's clients against the local service; run by scripts/test-clients, for each needs an environment."""
