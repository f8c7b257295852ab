"""Placeholders, and all that is filled with them: command lines, environments, files, and their digests."""
