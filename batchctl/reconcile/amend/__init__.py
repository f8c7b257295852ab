"""What becomes of a plan before it is shown: what is asked beside the spec, what is refused, what is told. It decides
alone; what it must ask, a Situation answers."""
