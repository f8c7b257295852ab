"""Mirrors the house, one file a room."""
