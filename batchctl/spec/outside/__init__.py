"""What this machine holds: the files that a spec means, what is in them, and where the spec itself comes from."""
