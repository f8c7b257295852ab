"""What bodies look like in REST JSON, in and out: what a property may be, how a record is shown.

Knows no service and opens no file.
"""
