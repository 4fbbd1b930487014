"""One file a framework: its names, in and out."""
