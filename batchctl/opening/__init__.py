"""How a spec finds what stands outside of it: its account, secrets of key vaults, prices."""
