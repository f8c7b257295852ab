"""Task files of dsub."""
