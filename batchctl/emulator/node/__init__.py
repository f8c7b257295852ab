"""What happens on a node: directories, processes, containers, files that come and go. Knows no records."""
