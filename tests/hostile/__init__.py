"""Hostile text, for the tests of what is printed and of what is generated."""
