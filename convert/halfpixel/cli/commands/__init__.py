"""One file, one command, named after it; each ends in a typed constant ``COMMAND``."""
