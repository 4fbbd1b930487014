"""From the bytes of a LiteRT file to its sites."""
