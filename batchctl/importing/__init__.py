"""Files of other tools to specs: what they really mean is carried, and what becomes of each field is told."""
