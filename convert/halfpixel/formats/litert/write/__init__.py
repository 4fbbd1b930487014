"""From a plan to the bytes of a LiteRT file."""
