"""What happens, on a terminal while it happens: at most so many rows, drawn anew, for any number of tasks."""
