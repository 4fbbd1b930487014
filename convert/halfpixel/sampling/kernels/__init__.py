"""Kernels beside nearest, linear, cubic and area: nothing imports them before a call needs them."""
