"""Calls of libraries that are installed, run on an image and held against each other."""
