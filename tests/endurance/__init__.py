"""Half a day of service time in minutes, and what the service and its client take of the machine meanwhile."""
