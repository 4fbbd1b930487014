"""Servers on loopback that hold models, count what they send, and fail as they are told to."""
