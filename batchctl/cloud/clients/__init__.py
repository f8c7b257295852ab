"""How requests are sent: credentials, signatures, retries with a bound, and what an error means."""
