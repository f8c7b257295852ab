"""What becomes of a plan before it is shown: what is asked beside the spec, what is refused, what is told. Pure."""
