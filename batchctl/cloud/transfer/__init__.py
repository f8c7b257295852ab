"""Blobs in bulk: listings, uploads and downloads over signed URLs."""
