"""Frames that no peer should send, against a gateway that others talk through."""
