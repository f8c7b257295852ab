"""A plan carried out through the Cloud that is handed in: objects made, tasks waited for, blobs brought home."""
