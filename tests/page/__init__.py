"""The page of the account in a real browser: `scripts/test-page`."""
