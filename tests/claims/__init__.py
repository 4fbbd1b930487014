"""Random nodes, and what is said of them."""
