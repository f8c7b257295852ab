"""One task for each of anything: what `forEach` goes over, and who waits for whom. Pure."""
