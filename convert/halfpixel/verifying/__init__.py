"""Two runs, compared."""
