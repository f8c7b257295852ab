"""Batch Shipyard 3.9.1: `config`, `pool`, `jobs` and the accounts of `credentials`, as its code has them."""
