"""One file a program that readies images: what it writes down, read."""
