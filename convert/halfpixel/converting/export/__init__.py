"""The exporters, each asked in the same way."""
