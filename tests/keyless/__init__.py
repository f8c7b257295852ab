"""What production code does on accounts without keys, against the local services; run by scripts/test-keyless."""
