"""LiteRT's kernels, held against their exact weights."""
