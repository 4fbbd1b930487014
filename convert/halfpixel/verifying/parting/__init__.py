"""Which node it is: the one that two sides part at, that is refused, that rounding flips."""
