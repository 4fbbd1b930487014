"""LiteRT's interpreter, in a process of its own."""
