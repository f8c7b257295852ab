"""The documents: as a site, and whether what they say is so."""
