"""LiteRT's names: the flags of its resizes."""
