"""Who may come in: what one property of a body says of another, and of the account. Refuses, makes nothing."""
