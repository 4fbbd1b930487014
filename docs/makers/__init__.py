"""What the pages of docs are made from: the code's own tables and docstrings."""
