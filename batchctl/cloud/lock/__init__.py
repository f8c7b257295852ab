"""One apply at a time: the lease, who holds it, which saved plans it has seen."""
