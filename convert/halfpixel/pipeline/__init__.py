"""How an image is readied for a network: steps, and how long a resize makes its sides."""
