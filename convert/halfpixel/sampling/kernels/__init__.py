"""Rows of W, and kernels beside nearest, linear, cubic and area, which calls alone import."""
