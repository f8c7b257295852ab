"""The local service, driven by the real SDK over real HTTP."""
