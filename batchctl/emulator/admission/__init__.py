"""Who may come in: what one property of a body says of another, and of the account.

Refuses, or gives back the body as it is kept; makes nothing, and knows no service.
"""
