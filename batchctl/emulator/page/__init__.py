"""The page of the account: what a browser is given to read, and what the page is told of the account."""
