"""The HTTP surface: the process, the door, and a file of handlers for each resource."""
