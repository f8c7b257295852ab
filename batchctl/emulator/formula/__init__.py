"""Autoscale formulas: their language and their values. Pure but for `random`."""
