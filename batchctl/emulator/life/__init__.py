"""What records do over time: the service at work, and what each kind of record does next."""
