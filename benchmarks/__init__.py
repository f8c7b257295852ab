"""Each figure side by side with a peer, or with the machine's own limit, in one run."""
