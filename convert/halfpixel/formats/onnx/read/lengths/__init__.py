"""Lengths that a file does not spell out: inferred, or computed by its own arithmetic."""
