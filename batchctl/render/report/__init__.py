"""A run as files that are handed on: a page, Markdown, CSV and JSON."""
