"""The command line under faults at the boundaries of its requests. `python -m tests.sweeps` tries all of them."""
