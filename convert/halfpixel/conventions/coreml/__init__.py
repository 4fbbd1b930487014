"""Core ML's words."""
