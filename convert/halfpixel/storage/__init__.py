"""The bytes of files that are elsewhere: read by ranges, listed, fetched whole, and written."""
