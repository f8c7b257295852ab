"""Which batchctl this is. Its own module, so that what needs the number does not stand on what the package offers."""

__version__ = "0.1.0"
