"""Whatever somebody does to a spec and its account, one after the other: plan, apply and destroy keep their word."""
