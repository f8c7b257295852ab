"""Autoscale formulas: their language and their values. Pure."""
