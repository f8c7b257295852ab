"""What is to be done, and doing it through a Cloud that is handed in. No azure, no clock of its own; only
carry_out touches files."""
