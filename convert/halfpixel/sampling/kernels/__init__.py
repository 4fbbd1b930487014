"""Rows of W, and kernels beside nearest, linear, cubic and area: these are imported by calls alone."""
