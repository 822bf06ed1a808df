"""Fifty people on the phone, and the process that holds their calls is killed."""
