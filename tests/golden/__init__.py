"""Reports whose every letter is fixed."""
