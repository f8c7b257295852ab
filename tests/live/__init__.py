"""`scripts/test-live`: an account of Azure and the local service are asked the same; where they differ is written down.

Everything that is made bears a prefix of its own, and is taken away again whatever happens.
"""
