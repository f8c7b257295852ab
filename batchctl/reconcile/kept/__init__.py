"""Plans that are kept: as a document, read back, and held against a plan made now. Pure."""
