"""Nodes of Windows with a real Wine; run by scripts/test-windows."""
