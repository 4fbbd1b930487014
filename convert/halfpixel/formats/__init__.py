"""One adapter a file format: reads structure without weights, yields sites."""
