"""What is seen of pools, nodes, jobs and tasks, for those who ask how a run goes."""
