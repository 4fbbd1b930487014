"""Findings to a changed model."""
