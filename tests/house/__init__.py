"""What docs/design.md says of the house, read off the code: its laws, and the map of its files. Nothing is run."""
